package situation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScenarios plays the worlds of testdata. Each says what is expected: "ok", or a rule and kind that is broken,
// which has to be known then.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.scenario"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	known := knownFaults(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".scenario"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, expected, err := parseScenario(string(text))
			if err != nil {
				t.Fatal(err)
			}
			faults, turns := newRunner().play(s)
			t.Log(strings.Join(turns, "\n"))
			if expected != "ok" {
				if named(faults, expected) == nil || !isKnown(known, expected) {
					t.Errorf("expected the known fault %s, got %v", expected, faults)
				}
				return
			}
			for _, b := range faults {
				t.Error(b)
			}
		})
	}
}

// TestScenarioText holds that what is printed can be played.
func TestScenarioText(t *testing.T) {
	for n := range uint64(200) {
		events, wishes := worldOf(n)
		want := scenario{events, wishes[0]}
		got, expected, err := parseScenario(want.String() + "expect ok\n")
		if err != nil || expected != "ok" || got.String() != want.String() {
			t.Fatalf("world %d: %v\n%s\n%s", n, err, want, got)
		}
	}
	for _, bad := range []string{
		"jump m1\nexpect ok",
		"kill m1 m2 m3 m4\nexpect ok",
		"operator idle\nexpect ok",
		"found 3",
	} {
		if _, _, err := parseScenario(bad); err == nil {
			t.Errorf("%q is taken for a scenario", bad)
		}
	}
}

// TestShrink holds that a scenario gets smaller and stays broken in the same way.
func TestShrink(t *testing.T) {
	r := newRunner()
	// What breaks a rule is mended one day: then this needs another world, or a rule that is broken on purpose.
	const world = 10409454
	all := r.one(world)
	if len(all) == 0 {
		t.Fatalf("world %d breaks no rule: choose one that does", world)
	}
	for name, s := range all {
		small := r.shrink(s, name)
		faults, _ := r.play(small)
		if named(faults, name) == nil || len(small.events) >= len(s.events) {
			t.Errorf("%s is not broken any more, or as large as before:\n%s\nwas\n%s", name, small, s)
		}
	}
}
