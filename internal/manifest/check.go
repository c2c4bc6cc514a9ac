package manifest

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// reparse reads an edited text.
func reparse(text []byte) (*Manifest, error) {
	m, err := Parse(text)
	if err != nil {
		return nil, unintended("what it would write cannot be read again")
	}
	return m, nil
}

// verify compares two manifests beside the flags that an edit is about: the
// pod's name is to be the given one, and of both command lines the given items equal.
func verify(before, after *Manifest, podName string, touched func(flag string) bool, was, is []string) error {
	mutable := map[*yaml.Node]bool{}
	for _, m := range []*Manifest{before, after} {
		for _, a := range m.argv {
			mutable[a.list] = true
		}
		for flag, v := range m.environment.settings {
			mutable[v.node] = v.node != nil && touched(flag)
		}
		mutable[m.nameNode] = true
	}
	if node := difference(before.root, after.root, mutable); node != nil {
		return unintended("line %d would change too", node.Line)
	}
	now := after.Settings()
	for flag, value := range before.Settings() { // a variable may be put in elsewhere
		if !touched(flag) && now[flag] != value {
			return unintended("--%s would change from %q to %q", flag, value, now[flag])
		}
	}
	if after.podName != podName {
		return unintended("the pod would be named %q", after.podName)
	}
	if !slices.Equal(was, is) {
		return unintended("other items of the command line would change")
	}
	return nil
}

func all(option) bool       { return true }
func untouched(string) bool { return false }

// written is the command line without some options, each item as it is written.
func (m *Manifest) written(with func(option) bool) []string {
	skip := map[int]bool{}
	for _, o := range m.options {
		if !with(o) {
			skip[o.first], skip[o.last] = true, true
		}
	}
	var out []string
	for i, a := range m.argv {
		if !skip[i] {
			out = append(out, fmt.Sprintf("%s %d %d %s", a.key, a.node.Kind, a.node.Style, a.node.Value))
		}
	}
	return out
}

// renamed is the manifest with another name for the pod.
func (m *Manifest) renamed(name string) (*Manifest, error) {
	text, err := m.source.rewrite(m.nameNode, name, isFlow(m.metadata))
	if err != nil {
		return nil, err
	}
	now, err := reparse(text)
	if err != nil {
		return nil, err
	}
	return now, verify(m, now, name, untouched, m.written(all), now.written(all))
}

// difference is the first node of a tree that is not the same in the other one.
// Of mutable nodes only the kind is compared. An anchor may have become idle.
func difference(a, b *yaml.Node, mutable map[*yaml.Node]bool) *yaml.Node {
	if a.Kind != b.Kind || a.Tag != b.Tag || a.Anchor != "" && b.Anchor != "" && a.Anchor != b.Anchor ||
		mutable[a] != mutable[b] {
		return a
	}
	if mutable[a] {
		return nil
	}
	if a.Style != b.Style || a.Value != b.Value || len(a.Content) != len(b.Content) {
		return a
	}
	for i := range a.Content {
		if node := difference(a.Content[i], b.Content[i], mutable); node != nil {
			return node
		}
	}
	return nil
}

func unintended(format string, args ...any) error {
	return fmt.Errorf(
		"%w: the edit would not do only what it should: %s; edit the manifest into the form that kubeadm writes, one "+
			"--flag=value on each line",
		ErrShape,
		fmt.Sprintf(format, args...),
	)
}
