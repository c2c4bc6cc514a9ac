package planner

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestSameChecksOnEveryRoad holds a recovery that is resumed to every check of a new one. What its phase makes moot, or
// another check takes the place of, stands here with the reason.
func TestSameChecksOnEveryRoad(t *testing.T) {
	d := &seedDecision{}
	names := func(checks []check) map[string]check {
		all := map[string]check{}
		for _, c := range checks {
			if all[c.name].name != "" || c.rule == nil {
				t.Errorf("%s is there twice, or has no rule", c.name)
			}
			all[c.name] = c
		}
		return all
	}
	fresh := names(d.newRecovery())
	for _, c := range fresh {
		if c.until != "" {
			t.Errorf("a new recovery has no phase that makes %s moot", c.name)
		}
	}
	const chosen = "the seed was chosen when it was begun: seed-is-as-begun"
	const grown = "the seed may serve alone, which is what the forced start was for: only-the-seed-serves"
	const forced = "the log is rewritten: seed-still-has-data"
	for road, c := range map[string]struct {
		checks  []check
		without map[string]string // by what
		moot    []string          // from a phase on
	}{
		"before forcing": {
			d.beforeForcing(),
			map[string]string{"named-seed-has-data": chosen, "seed-is-chosen": chosen},
			[]string{"copy-fits"},
		},
		"since forcing": {
			d.sinceForcing(),
			map[string]string{
				"named-seed-has-data":       chosen,
				"seed-is-chosen":            chosen,
				"no-other-cluster-serves":   grown,
				"no-quorum-serves":          grown,
				"members-are-accounted-for": "every one was, or nothing would have been forced",
				"majority-is-lost":          "what the others can do without the seed counts: others-cannot-start",
				"seed-can-be-forced":        forced,
				"seed-lets-us-in":           "nothing could be checked otherwise, which is found out in its step",
				"stop-is-orderly":           forced,
			},
			[]string{
				"seed-does-not-serve-plainly", "nobody-follows-a-leader", "seed-was-not-removed", "seed-is-known",
				"others-cannot-start",
				"price-is-accepted", "nothing-is-seen-from-nodes", "nodes-can-be-asked", "copy-fits",
			},
		},
	} {
		have := names(c.checks)
		for name := range fresh {
			if _, there := have[name]; there == (c.without[name] != "") {
				t.Errorf("%s: %s is there: %t, and goes without: %q", road, name, there, c.without[name])
			}
		}
		var moot []string
		for _, name := range slices.Sorted(maps.Keys(have)) {
			if have[name].until != "" {
				moot = append(moot, name)
			}
		}
		if slices.Sort(c.moot); !slices.Equal(moot, c.moot) {
			t.Errorf("%s: its phase makes moot %v, want %v", road, moot, c.moot)
		}
	}
}

// TestRulesHaveNoWords looks for sentences outside of the files that have all of them: words, the titles of steps, the
// report, and the tables of known faults and controllers.
func TestRulesHaveNoWords(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	spoken := func(name string) bool {
		return slices.ContainsFunc(
			[]string{"_test.go", "words.go", "steps.go", "report.go", "hazards.go", "manager.go"},
			func(end string) bool { return strings.HasSuffix(name, end) },
		)
	}
	rules := 0
	for _, name := range files {
		if spoken(name) {
			continue
		}
		rules++
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if l, is := n.(*ast.BasicLit); is && l.Kind == token.STRING {
				if text, _ := strconv.Unquote(l.Value); strings.Count(text, " ") > 1 {
					t.Errorf("%s has words: %q", set.Position(l.Pos()), text)
				}
			}
			return true
		})
	}
	if rules < 10 {
		t.Errorf("only %d files have rules", rules)
	}
}
