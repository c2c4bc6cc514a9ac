package node

import (
	"embed"
	"io/fs"
	"strings"
	"sync"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

//go:embed scripts
var scriptFiles embed.FS

// scripts returns what of each file in scripts/ goes over SSH, by the file's name without .sh.
var scripts = sync.OnceValue(func() map[string]string { //nolint:gochecknoglobals // the same in every process
	all := map[string]string{}
	files, err := fs.Glob(scriptFiles, "scripts/*.sh")
	for _, file := range files {
		var text []byte
		if text, err = scriptFiles.ReadFile(file); err != nil {
			break
		}
		all[strings.TrimSuffix(strings.TrimPrefix(file, "scripts/"), ".sh")] = withoutComments(string(text))
	}
	if err != nil {
		panic(err) // the files are part of the program
	}
	return all
})

// withoutComments leaves out the lines that are comments or empty. They would be text within quotes or a here-document,
// so the scripts have none there; TestComments has a shell compare.
func withoutComments(text string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if word := strings.TrimSpace(line); word != "" && word[0] != '#' {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// script returns a script that is made of files in scripts/, one after the other: functions come before what calls
// them, and each file says what it needs. The names are constants, which TestScriptNames checks.
func script(names ...string) string {
	var all strings.Builder
	for _, name := range names {
		text, ok := scripts()[name]
		if !ok {
			panic("no script " + name)
		}
		all.WriteString(text)
	}
	return all.String()
}

// assign returns a line that sets variables for the scripts that come after it. It takes names and values in turn.
func assign(pairs ...string) string {
	var line []string
	for i := 0; i < len(pairs); i += 2 {
		line = append(line, pairs[i]+"="+ssh.Quote(pairs[i+1]))
	}
	return strings.Join(line, " ") + "\n"
}
