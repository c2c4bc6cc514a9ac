package manifest

import (
	"path"
	"strings"
)

// wrapsEtcd tells whether the command line starts etcd by a shell script or by
// another program. Pods that merely talk about etcd must not be taken for it.
func (p program) wrapsEtcd() bool {
	argv := p.argv()
	if len(argv) == 0 || path.Base(argv[0]) == "etcd" {
		return false
	}
	if isShell(argv[0]) {
		for _, arg := range argv[1:] {
			if scriptStartsEtcd(arg) {
				return true
			}
		}
		return false
	}
	for i, arg := range argv[1:] {
		if (strings.HasSuffix(arg, "/bin/etcd") || arg == "etcd" && isLauncher(argv[0])) && isServer(argv[i+1:]) {
			return true
		}
	}
	return false
}

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
	case "exec", "nice", "ionice", "chrt", "taskset", "env", "nohup", "setsid", "sudo", "su-exec", "gosu", "time", "timeout",
		"tini", "dumb-init", "catatonit", "go-runner", "then", "do", "else", "!":
		return true
	}
	return false
}

// scriptStartsEtcd looks for etcd where a shell script names a program.
func scriptStartsEtcd(script string) bool {
	script = strings.NewReplacer("\\\r\n", " ", "\\\n", " ", `"`, "", "'", "").Replace(script)
	commands := strings.FieldsFunc(script, func(r rune) bool { return strings.ContainsRune("\r\n;&|(){}`", r) })
	for _, command := range commands {
		words := strings.Fields(command)
		launched := false
		for len(words) > 0 {
			word := words[0]
			isAssignment := !strings.HasPrefix(word, "-") && strings.Contains(word, "=")
			isOption := launched && (strings.HasPrefix(word, "-") || strings.Trim(word, "0123456789") == "")
			if !isAssignment && !isOption && !isLauncher(word) {
				break
			}
			launched = launched || isLauncher(word)
			words = words[1:]
		}
		if isServer(words) {
			return true
		}
	}
	return false
}
