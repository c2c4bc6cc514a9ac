//go:build linux

package terraform

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// Workspace is a folder with a configuration for a lab.
type Workspace struct {
	Dir       string
	Env       []string       // more of the environment, such as TF_LOG
	Variables map[string]any // of the configuration; Save writes them
	Memory    bool           // watch how much the provider uses, which costs some
	tools     *Tools
}

// Save writes the variables where the CLI finds them.
func (w *Workspace) Save() error {
	text, err := json.MarshalIndent(w.Variables, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the variables: %w", err)
	}
	if err := os.WriteFile(filepath.Join(w.Dir, "terraform.tfvars.json"), append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the variables: %w", err)
	}
	return nil
}

// Example copies examples/recover-three-masters into dir, with the variables of this lab.
func (t *Tools) Example(dir string, l *lab.Lab) (*Workspace, error) {
	return t.workspace(dir, l, func(_, text string) string { return text })
}

// Copy is a workspace with all of one of the examples, which needs no lab.
func (t *Tools) Copy(dir, example string) (*Workspace, error) {
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(t.root, "examples", example))); err != nil {
		return nil, fmt.Errorf("copying the example: %w", err)
	}
	return &Workspace{Dir: dir, tools: t}, nil
}

// Chain is as Example for any number of nodes: all but the first join one after the other.
func (t *Tools) Chain(dir string, l *lab.Lab) (*Workspace, error) {
	member := regexp.MustCompile(`(?s)resource "etcdrecovery_member".*`)
	return t.workspace(dir, l, func(name, text string) string {
		switch name {
		case "main.tf":
			return member.ReplaceAllLiteralString(text, chain(l))
		case "outputs.tf":
			return "" // names the example's two members
		}
		return text
	})
}

func chain(l *lab.Lab) string {
	var text strings.Builder
	join := "etcdrecovery_seed.this"
	for i, m := range l.Nodes()[1:] {
		_, _ = fmt.Fprintf(
			&text,
			"resource \"etcdrecovery_member\" %q {\n  node = "+
				"data.etcdrecovery_survey.masters.nodes[var.rejoin[%d]]\n  join = %s.cluster\n}\n\n",
			m.Name(),
			i,
			join,
		)
		join = "etcdrecovery_member." + m.Name()
	}
	return text.String()
}

func (t *Tools) workspace(dir string, l *lab.Lab, edit func(name, text string) string) (*Workspace, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making a folder for the configuration: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(t.root, "examples", "recover-three-masters", "*.tf"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("finding the example: %d files, %w", len(files), err)
	}
	for _, from := range files {
		text, err := os.ReadFile(from)
		if err != nil {
			return nil, fmt.Errorf("copying the example: %w", err)
		}
		name := filepath.Base(from)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(edit(name, string(text))), 0o644); err != nil {
			return nil, fmt.Errorf("copying the example: %w", err)
		}
	}
	w := &Workspace{Dir: dir, tools: t, Variables: variables(l)}
	return w, w.Save()
}

// variables are those of the example, for a lab whose first node is the survivor.
func variables(l *lab.Lab) map[string]any {
	nodes, rejoin := map[string]any{}, []string{}
	for i, m := range l.Nodes() {
		n := map[string]any{"host": m.Host()}
		if m.Port() != 22 {
			n["port"] = m.Port()
		}
		if at := m.Inside(node.DefaultWorkDir); at != node.DefaultWorkDir {
			n["kubelet_config"], n["work_dir"] = m.Inside(node.DefaultKubeletConfig), at
		}
		nodes[m.Name()] = n
		if i > 0 {
			rejoin = append(rejoin, m.Name())
		}
	}
	return map[string]any{
		"nodes": nodes, "rejoin": rejoin, "recovery_id": "lab",
		"ssh": map[string]any{
			"user": l.SSHUser(), "private_key_file": l.SSHKeyFile(), "known_hosts_file": l.KnownHostsFile(),
			"become_method": "none",
		},
	}
}
