package manifest

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// setting is a flag with the value that it is to have.
type setting struct{ name, value string }

// goal is what an edit is to reach. Whatever it does not name stays.
type goal struct {
	podName string    // "" leaves it
	set     []setting // each exactly once afterwards
	drop    func(flag string) bool
}

// touches tells the flags that the goal is about.
func (g goal) touches(flag string) bool {
	for _, s := range g.set {
		if s.name == flag {
			return true
		}
	}
	return g.drop(flag)
}

// reach edits the manifest until the goal is reached: one small change at a
// time, parsing the text anew after each, so that no position is ever stale.
func (g goal) reach(m *Manifest) ([]byte, error) {
	now := m
	for range 2*len(m.argv) + 2*len(g.set) + 2 {
		text, err := g.step(now)
		if err != nil {
			return nil, err
		}
		if text == nil {
			return now.source.text, g.check(m, now)
		}
		if now, err = Parse(text); err != nil {
			return nil, unintended("the edited text cannot be read: %v", err)
		}
	}
	return nil, unintended("the edit did not come to an end")
}

// step makes one change, and returns nil when none is left to make.
func (g goal) step(m *Manifest) ([]byte, error) {
	if g.podName != "" && g.podName != m.podName {
		return m.source.rewrite(m.nameNode, g.podName, isFlow(m.metadata))
	}
	// Removing comes first: the rest may be a sorted list then. A list must not
	// be left empty, though, and what is set may yet go there.
	surplus := g.surplus(m)
	for _, o := range surplus {
		if list := m.argv[o.first].list; len(list.Content) > o.last-o.first+1 {
			return m.removeFlag(o)
		}
	}
	for _, s := range g.set {
		switch given := m.given(s.name); {
		case len(given) == 0:
			return m.addFlag(s)
		case given[len(given)-1].value != s.value:
			return m.changeFlag(given[len(given)-1], s.value)
		}
	}
	if len(surplus) > 0 {
		return m.removeFlag(surplus[0])
	}
	return nil, nil
}

// surplus are the flags that have to go: those to drop, and all but the last of
// those to set.
func (g goal) surplus(m *Manifest) []option {
	var found []option
	for i, o := range m.options {
		again := slices.ContainsFunc(m.options[i+1:], func(later option) bool { return later.name == o.name })
		if g.drop(o.name) || again && g.touches(o.name) {
			found = append(found, o)
		}
	}
	return found
}

// given are the occurrences of a flag.
func (m *Manifest) given(name string) []option {
	var found []option
	for _, o := range m.options {
		if o.name == name {
			found = append(found, o)
		}
	}
	return found
}

// changeFlag gives a flag another value, in the form in which it is written.
func (m *Manifest) changeFlag(o option, value string) ([]byte, error) {
	arg := m.argv[o.last]
	if o.first == o.last {
		flag, _, _ := strings.Cut(arg.value(), "=") // its one or two dashes stay
		value = flag + "=" + value
	}
	return m.source.rewrite(arg.node, value, isFlow(arg.list))
}

// removeFlag takes a flag out, with its value if that is an item of its own.
func (m *Manifest) removeFlag(o option) ([]byte, error) {
	first, last := m.argv[o.first], m.argv[o.last]
	if first.list != last.list {
		return nil, at(ErrShape, first.line(), "found --%s at the end of command and its value at the start of args; write --flag=value", o.name)
	}
	return m.source.remove(first.list, first.index, last.index)
}

// addFlag inserts a flag as one item: at its place in a sorted list, as kubeadm
// writes it, or behind the last flag.
func (m *Manifest) addFlag(s setting) ([]byte, error) {
	text := "--" + s.name + "=" + s.value
	if len(m.options) == 0 {
		last := m.argv[0]
		return m.source.insert(last.list, last.index, text, last.node.Style)
	}
	list := m.argv[m.options[len(m.options)-1].last].list
	var options []option // those of that list
	for _, o := range m.options {
		if m.argv[o.first].list == list && m.argv[o.last].list == list {
			options = append(options, o)
		}
	}
	if len(options) == 0 {
		last := m.argv[m.options[len(m.options)-1].last]
		return m.source.insert(list, last.index, text, last.node.Style)
	}
	place := sortedPlace(options, s)
	if place == 0 {
		first := m.argv[options[0].first]
		return m.source.insert(list, first.index-1, text, first.node.Style)
	}
	previous := options[place-1]
	return m.source.insert(list, m.argv[previous.last].index, text, m.argv[previous.first].node.Style)
}

// sortedPlace is the number of flags before which the new one belongs. kubeadm
// sorted by name at first and sorts whole arguments since v1beta4, which differ
// for a name that begins with another one.
func sortedPlace(options []option, s setting) int {
	byName := func(o option) string { return o.name }
	byText := func(o option) string { return o.name + "=" + o.value }
	added := option{name: s.name, value: s.value}
	for _, key := range []func(option) string{byName, byText} {
		if sort.SliceIsSorted(options, func(i, j int) bool { return key(options[i]) < key(options[j]) }) {
			return sort.Search(len(options), func(i int) bool { return key(options[i]) > key(added) })
		}
	}
	return len(options)
}

// check compares what was and what is. It trusts nothing of the splicing.
func (g goal) check(before, after *Manifest) error {
	mutable := map[*yaml.Node]bool{}
	for _, m := range []*Manifest{before, after} {
		for _, a := range m.argv {
			mutable[a.list] = true
		}
		mutable[m.nameNode] = true
	}
	if node := difference(before.root, after.root, mutable); node != nil {
		return unintended("line %d would change too", node.Line)
	}
	name := before.podName
	if g.podName != "" {
		name = g.podName
	}
	if after.podName != name {
		return unintended("the pod would be named %q", after.podName)
	}
	if was, is := g.untouched(before), g.untouched(after); !slices.Equal(was, is) {
		return unintended("other items of the command line would change: %q, %q", was, is)
	}
	for _, s := range g.set {
		if given := after.given(s.name); len(given) != 1 || given[0].value != s.value {
			return unintended("--%s would not be %q", s.name, s.value)
		}
	}
	for _, o := range after.options {
		if g.drop(o.name) {
			return unintended("--%s would still be there", o.name)
		}
	}
	return nil
}

// untouched is the command line without what the goal is about, each item as it
// is written.
func (g goal) untouched(m *Manifest) []string {
	skip := map[int]bool{}
	for _, o := range m.options {
		if g.touches(o.name) {
			skip[o.first], skip[o.last] = true, true
		}
	}
	var out []string
	for i, a := range m.argv {
		if !skip[i] {
			out = append(out, fmt.Sprintf("%s %d %s", a.key, a.node.Style, a.value()))
		}
	}
	return out
}

// difference is the first node of a tree that is not the same in the other one.
// Of mutable nodes only the kind is compared.
func difference(a, b *yaml.Node, mutable map[*yaml.Node]bool) *yaml.Node {
	if a.Kind != b.Kind || a.Tag != b.Tag || a.Anchor != b.Anchor || mutable[a] != mutable[b] {
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
	return fmt.Errorf("%w: the edit would not do only what it should: %s; edit the manifest into the form that kubeadm writes, one --flag=value on each line", ErrShape, fmt.Sprintf(format, args...))
}
