//go:build linux

package node_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// eachScript runs a test for every file in scripts/.
func eachScript(t *testing.T, test func(t *testing.T, name, text string)) {
	t.Helper()
	files, err := os.ReadDir("scripts")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("there are no scripts")
	}
	for _, f := range files {
		t.Run(f.Name(), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("scripts", f.Name()))
			must(t, err)
			test(t, strings.TrimSuffix(f.Name(), ".sh"), string(text))
		})
	}
}

// TestScriptFiles has each file begin with what it does, and parsed by shells, as a whole and as it is sent.
func TestScriptFiles(t *testing.T) {
	eachScript(t, func(t *testing.T, _, text string) {
		header, ok := strings.CutPrefix(text, "# shellcheck shell=sh\n# ")
		if !ok || strings.HasPrefix(header, "shellcheck") {
			t.Error("does not begin with its shell and what it does")
		}
		if !strings.Contains(header, "xit code") {
			t.Error("does not say with which exit codes it ends")
		}
		for line := range strings.Lines(text) {
			if len(strings.ReplaceAll(line, "\t", "    ")) > 121 {
				t.Errorf("longer than 120 columns: %s", line)
			}
		}
		for _, s := range shells(t) {
			for what, text := range map[string]string{"whole": text, "sent": node.WithoutComments(text)} {
				cmd := exec.CommandContext(t.Context(), s.command[0], append(slices.Clone(s.command[1:]), "-n")...)
				cmd.Env, cmd.Stdin = append(os.Environ(), s.env), strings.NewReader(text)
				if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
					t.Errorf("%s, %s: %v: %s", s.name, what, err, out)
				}
			}
		}
	})
}

// TestComments has bash print each file as it understands it, whole and as it is sent: what is left out was no text in
// quotes or in a here-document.
func TestComments(t *testing.T) {
	if !slices.ContainsFunc(allShells(t), func(s shell) bool { return s.command[0] == "bash" }) {
		t.Log("left out: there is no bash")
		return
	}
	understood := func(t *testing.T, text string) string {
		t.Helper()
		text = "script() {\n" + text + "\n}; declare -f script"
		out, err := exec.CommandContext(t.Context(), "bash", "-c", text).Output()
		must(t, err)
		return string(out)
	}
	eachScript(t, func(t *testing.T, _, text string) {
		sent := node.WithoutComments(text)
		if whole, left := understood(t, text), understood(t, sent); whole != left || len(left) < 10 {
			t.Errorf("as a whole it is\n%s\nwithout comments\n%s", whole, left)
		}
		if strings.Contains(sent, "shellcheck") {
			t.Error("comments are sent")
		}
	})
	quoted := "printf '%s' 'one\n# two\n'\n"
	if understood(t, quoted) == understood(t, node.WithoutComments(quoted)) {
		t.Error("a line in quotes that looks like a comment is not noticed")
	}
}

// TestScriptNames compares the files in scripts/ with the names in calls of script: all are there, all are used, and
// nothing else is given to run or change.
func TestScriptNames(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	must(t, err)
	used := map[string]bool{"crictl": true, "ctr": true, "docker": true} // by the constants for the programs
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := ""
			switch f := call.Fun.(type) {
			case *ast.Ident:
				name = f.Name
			case *ast.SelectorExpr:
				name = f.Sel.Name
			}
			for _, arg := range call.Args {
				text, ok := arg.(*ast.BasicLit)
				if !ok || text.Kind != token.STRING {
					continue
				}
				value, err := strconv.Unquote(text.Value)
				must(t, err)
				switch name {
				case "script":
					used[value] = true
				case "run", "change":
					if value != "" {
						t.Errorf("%s: a script that is in no file: %s", source, value)
					}
				}
			}
			return true
		})
	}
	eachScript(t, func(t *testing.T, name, _ string) {
		if !used[name] {
			t.Error("is not used")
		}
		delete(used, name)
	})
	for name := range used {
		t.Errorf("there is no scripts/%s.sh", name)
	}
}

// TestDefaultKubeletConfig has the script look where the documentation says.
func TestDefaultKubeletConfig(t *testing.T) {
	text, err := os.ReadFile("scripts/kubelet.sh")
	must(t, err)
	if want := "config=" + node.DefaultKubeletConfig + ";;"; !strings.Contains(string(text), want) {
		t.Errorf("kubelet.sh does not say %s", want)
	}
}
