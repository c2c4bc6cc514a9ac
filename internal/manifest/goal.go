package manifest

import (
	"slices"
	"sort"
	"strings"
)

// setting is a flag with the value that it is to have.
type setting struct{ name, value string }

// goal is what a join is to reach. Whatever it does not name stays.
type goal struct {
	set  []setting // each exactly once afterwards
	drop func(flag string) bool
}

// touches tells the flags that the goal is about.
func (g goal) touches(flag string) bool {
	return g.drop(flag) || slices.ContainsFunc(g.set, func(s setting) bool { return s.name == flag })
}

// reach edits the manifest until the goal is reached: one small change at a
// time, parsing the text anew after each, so that no position is ever stale.
func (g goal) reach(m *Manifest) (*Manifest, error) {
	now := m
	for range 2*len(m.argv) + 2*len(g.set) + len(m.environment.settings) + 2 {
		text, err := g.step(now)
		if err != nil {
			return nil, err
		}
		if text == nil {
			return now, g.check(m, now)
		}
		if now, err = reparse(text); err != nil {
			return nil, err
		}
	}
	return nil, unintended("the edit did not come to an end")
}

// step makes one change, and returns nil when none is left to make.
func (g goal) step(m *Manifest) ([]byte, error) {
	for flag, v := range m.environment.settings {
		if g.drop(flag) && v.value != "" {
			return m.changeVariable(v, "")
		}
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
		given := m.given(s.name)
		v, isVariable := m.environment.settings[s.name]
		switch {
		case isVariable && v.value != s.value:
			return m.changeVariable(v, s.value)
		case isVariable:
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

// check compares what was and what is. It trusts nothing of the splicing.
func (g goal) check(before, after *Manifest) error {
	others := func(o option) bool { return !g.touches(o.name) }
	if err := verify(
		before,
		after,
		before.podName,
		g.touches,
		before.written(others),
		after.written(others),
	); err != nil {
		return err
	}
	for _, s := range g.set {
		if value, _ := after.Flag(s.name); value != s.value || len(after.given(s.name)) > 1 {
			return unintended("--%s would not be %q", s.name, s.value)
		}
	}
	if slices.ContainsFunc(after.options, func(o option) bool { return g.drop(o.name) }) {
		return unintended("a flag would still be there that has to go")
	}
	for flag, v := range after.environment.settings {
		if g.drop(flag) && v.value != "" {
			return unintended("%s would still be there", v.name)
		}
	}
	return nil
}

// given are the occurrences of a flag on the command line.
func (m *Manifest) given(name string) []option {
	var found []option
	for _, o := range m.options {
		if o.name == name {
			found = append(found, o)
		}
	}
	return found
}

// changeVariable gives a variable another value. etcd takes an empty one for none.
func (m *Manifest) changeVariable(v variable, value string) ([]byte, error) {
	if v.node == nil {
		return nil, at(ErrShape, v.line, "found %s without a value; remove it, or give it one", v.name)
	}
	return m.source.rewrite(v.node, value, true) // a mapping may be in braces
}

// changeFlag gives a flag another value, in the form in which it is written.
func (m *Manifest) changeFlag(o option, value string) ([]byte, error) {
	arg := m.argv[o.last]
	if o.first == o.last {
		flag, _, _ := strings.Cut(arg.value, "=") // its one or two dashes stay
		value = flag + "=" + value
	}
	return m.source.rewrite(arg.node, value, isFlow(arg.list))
}

// removeFlag takes a flag out, with its value if that is an item of its own.
func (m *Manifest) removeFlag(o option) ([]byte, error) {
	first, last := m.argv[o.first], m.argv[o.last]
	if first.list != last.list {
		return nil, at(
			ErrShape,
			first.line(),
			"found --%s at the end of command and its value at the start of args; write --flag=value",
			o.name,
		)
	}
	return m.source.remove(first.list, first.index, last.index)
}

// addFlag inserts a flag as one item: at its place in a sorted list, as kubeadm
// writes it, or behind the last flag.
func (m *Manifest) addFlag(s setting) ([]byte, error) {
	if len(m.options) == 0 {
		return m.appendFlag(s)
	}
	list := m.argv[m.options[len(m.options)-1].last].list
	var options []option // those of that list
	for _, o := range m.options {
		if m.argv[o.first].list == list && m.argv[o.last].list == list {
			options = append(options, o)
		}
	}
	switch place := sortedPlace(options, s); {
	case place == len(options):
		return m.appendFlag(s)
	case place == 0:
		first := m.argv[options[0].first]
		return m.source.insert(list, first.index-1, s.item(), first.node.Style)
	default:
		previous := options[place-1]
		if err := m.checkComplete(previous); err != nil {
			return nil, err
		}
		return m.source.insert(list, m.argv[previous.last].index, s.item(), m.argv[previous.first].node.Style)
	}
}

// appendFlag inserts a flag as one item behind the last flag.
func (m *Manifest) appendFlag(s setting) ([]byte, error) {
	if len(m.argv) == 0 {
		return nil, at(
			ErrShape,
			m.container.Line,
			"found neither command nor args, so that no flag can be added: args alone would take the place of what "+
				"the image starts; write the command out",
		)
	}
	if len(m.options) == 0 {
		last := m.argv[0]
		return m.source.insert(last.list, last.index, s.item(), last.node.Style)
	}
	o := m.options[len(m.options)-1]
	if err := m.checkComplete(o); err != nil {
		return nil, err
	}
	first, last := m.argv[o.first], m.argv[o.last]
	if first.list != last.list {
		first = last
	}
	return m.source.insert(last.list, last.index, s.item(), first.node.Style)
}

// checkComplete refuses to add something behind a flag that could take it for its value.
func (m *Manifest) checkComplete(o option) error {
	arg := m.argv[o.first]
	if o.first != o.last || isBool(o.name) || strings.Contains(arg.value, "=") {
		return nil
	}
	return at(
		ErrShape,
		arg.line(),
		"found --%s without a value: what is added behind it could be taken for one; write --%s=value",
		o.name,
		o.name,
	)
}

func (s setting) item() string { return "--" + s.name + "=" + s.value }

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
