package situation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// scenario is a world as it came to be, and an operator who meets it.
type scenario struct {
	events []event
	wish
}

// String writes it as parseScenario reads it: an event a line, then the operator.
func (s scenario) String() string {
	var b strings.Builder
	for _, e := range s.events {
		b.WriteString(e.String() + "\n")
	}
	return b.String() + s.wish.String() + "\n"
}

// parseScenario reads a scenario and what is expected of it: "ok", or the rule and kind that are broken.
func parseScenario(text string) (s scenario, expected string, err error) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch word, rest, _ := strings.Cut(line, " "); {
		case line == "" || strings.HasPrefix(line, "#"):
		case word == "operator":
			s.wish, err = parseWish(line)
		case word == "expect":
			expected = rest
		default:
			var e event
			if e, err = parseEvent(line); err == nil {
				s.events = append(s.events, e)
			}
		}
		if err != nil {
			return s, expected, err
		}
	}
	if expected == "" {
		return s, "", errors.New("nothing is expected")
	}
	return s, expected, nil
}

// runner plays scenarios.
type runner struct {
	verbs map[string]happening
	texts
	tally
}

func newRunner() *runner { return &runner{verbs(), newTexts(), tally{}} }

func (r *runner) build(events []event) *world {
	w := newWorld(r.texts)
	for _, e := range events {
		w.happen(e, r.verbs)
	}
	return w
}

// play returns the rules that a scenario breaks, and what was done in each turn.
func (r *runner) play(s scenario) ([]*broken, []string) {
	return meet(r.build(s.events), s.wish, r.tally)
}

// named returns the fault of a name, nil where there is none.
func named(faults []*broken, name string) *broken {
	for _, b := range faults {
		if b.name() == name {
			return b
		}
	}
	return nil
}

// shrink leaves out of a scenario what is not needed for it to break the same rule in the same way.
func (r *runner) shrink(s scenario, name string) scenario {
	quiet := &runner{r.verbs, r.texts, tally{}}
	breaks := func(s scenario) bool {
		faults, _ := quiet.play(s)
		return named(faults, name) != nil
	}
	for again := true; again; {
		again = false
		for i := len(s.events) - 1; i >= 0; i-- {
			less := scenario{slices.Delete(slices.Clone(s.events), i, i+1), s.wish}
			if len(less.events) > 0 && less.events[0].verb == "found" && breaks(less) {
				s, again = less, true
			}
		}
		for i, e := range s.events {
			for _, n := range []int{0, 1, e.n - 1} {
				if n < 0 || n >= s.events[i].n || e.verb == "found" && n < 1 {
					continue
				}
				less := scenario{slices.Clone(s.events), s.wish}
				less.events[i].n = n
				if breaks(less) {
					s, again = less, true
				}
			}
		}
		for _, q := range []wish{
			{id: s.id},
			{id: s.id, node: s.node},
			{id: s.id, gives: s.gives},
			{id: s.id, interrupt: s.interrupt},
			{},
		} {
			if len(q.String()) < len(s.wish.String()) && breaks(scenario{s.events, q}) {
				s.wish, again = q, true
			}
		}
	}
	return s
}

// report is a broken rule as it is shown.
func report(s scenario, fault *broken, turns []string) string {
	return fmt.Sprintf("%s\n%sexpect %s\n\n%s", fault.Error(), s, fault.name(), strings.Join(turns, "\n"))
}
