package manifest

import (
	"path"
	"slices"
	"strings"
)

// wrapsEtcd tells whether the command line starts etcd by a shell script or by
// another program. Pods that merely talk about etcd must not be taken for it.
func (p program) wrapsEtcd() bool {
	argv := p.argv()
	switch {
	case len(argv) == 0 || path.Base(argv[0]) == "etcd":
		return false
	case isShell(argv[0]):
		return slices.ContainsFunc(argv[1:], scriptStartsEtcd)
	}
	return startsEtcd(argv)
}

// isEtcdManager tells whether the command line starts kOps' etcd-manager.
func (p program) isEtcdManager() bool {
	return slices.ContainsFunc(strings.Fields(strings.Join(p.argv(), " ")), func(w string) bool {
		return w == "etcd-manager" || strings.HasSuffix(w, "/etcd-manager")
	})
}

// isEtcdWrapper tells whether the image is that of Gardener's etcd-wrapper, which has etcd within itself.
func (p program) isEtcdWrapper() bool { return strings.Contains(p.image, "/etcd-wrapper") }

func isShell(name string) bool {
	switch path.Base(name) {
	case "sh", "bash", "ash", "dash", "ksh", "zsh", "busybox":
		return true
	}
	return false
}

// isLauncher tells the programs and shell words that start the program named
// behind them.
func isLauncher(name string) bool {
	switch path.Base(name) {
	case "exec",
		"nice",
		"ionice",
		"chrt",
		"taskset",
		"env",
		"nohup",
		"setsid",
		"sudo",
		"su-exec",
		"gosu",
		"time",
		"timeout",
		"tini",
		"dumb-init",
		"catatonit",
		"go-runner",
		"then",
		"do",
		"else",
		"!":
		return true
	}
	return false
}

// scriptStartsEtcd looks for etcd where a shell script names a program.
func scriptStartsEtcd(script string) bool {
	script = strings.NewReplacer("\\\r\n", " ", "\\\n", " ", `"`, "", "'", "").Replace(script)
	commands := strings.FieldsFunc(script, func(r rune) bool { return strings.ContainsRune("\r\n;&|(){}`", r) })
	return slices.ContainsFunc(commands, func(command string) bool { return startsEtcd(strings.Fields(command)) })
}

// startsEtcd tells whether words are a command that starts etcd, through
// launchers and behind assignments. Alone, or with words behind it, "etcd" may
// be anything: a pattern, a user, a sentence.
func startsEtcd(words []string) bool {
	launched := false
	for len(words) > 0 {
		word := words[0]
		isAssignment := !strings.HasPrefix(word, "-") && strings.Contains(word, "=")
		isOption := launched && (strings.HasPrefix(word, "-") || strings.Trim(word, "0123456789") == "")
		if !isAssignment && !isOption && !isLauncher(word) {
			break
		}
		launched = launched || isLauncher(word) || isAssignment
		words = words[1:]
	}
	if !isServer(words) {
		return false
	}
	if len(words) == 1 {
		return launched || strings.Contains(words[0], "/")
	}
	return strings.ContainsAny(words[1][:1], "-$<>")
}
