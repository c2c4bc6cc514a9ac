//go:build linux

package node_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// TestFieldsOfRecords reads files whose names and texts hold everything that a record could be broken with.
func TestFieldsOfRecords(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, _ local, dir string) {
		files := map[string]string{
			"plain-name_1.yaml": "plain",
			"=equals":           "=text",
			"a b":               " ",
			"new\nline":         "\n\n",
			"quote'\"`$(x)":     "$(touch x)",
			"back\\slash":       "\\n",
			"é\xff":             "é\xff\x00",
			"*":                 "[!a]*",
			"tab\tbed":          "\t=",
			"sep\x1e":           "\x1e",
			"-n":                "-n",
			"empty":             "",
		}
		write(t, dir, files)
		var names []string
		for name := range files {
			names = append(names, filepath.Join(dir, name))
		}
		got, err := n.ReadFiles(t.Context(), names...)
		must(t, err)
		for name, text := range files {
			if string(got[filepath.Join(dir, name)]) != text {
				t.Errorf("%q holds %q, want %q", name, got[filepath.Join(dir, name)], text)
			}
		}
	})
}

// cutOff is a node whose answer ends within the text of a file.
type cutOff struct{ local }

func (cutOff) Run(_ context.Context, script string) ([]byte, error) {
	mark := regexp.MustCompile(`mark='([A-Z0-9]+)'`).FindStringSubmatch(script)
	return []byte(strings.Join([]string{"file\t=/a\t", "text", "\036file\t=/b\t", "te\036"}, mark[1])), nil
}

// TestCutOff never takes a part of a file for the whole.
func TestCutOff(t *testing.T) {
	n := node.New(node.Settings{Name: "m1"}, cutOff{})
	if files, err := n.ReadFiles(t.Context(), "/a", "/b"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %q, %v", files, err)
	}
}
