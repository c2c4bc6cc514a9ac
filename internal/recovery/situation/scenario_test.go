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
	known := knownFaults(t)
	for _, file := range scenarioFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".scenario"), func(t *testing.T) {
			s, expected := readScenario(t, file)
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

func scenarioFiles(t *testing.T) []string {
	files, err := filepath.Glob(filepath.Join("testdata", "*.scenario"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	return files
}

// readScenario returns a world with its operator, and what is expected of them.
func readScenario(t *testing.T, file string) (s scenario, expected string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		s, expected, err = parseScenario(string(text))
	}
	if err != nil {
		t.Fatal(err)
	}
	return s, expected
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

// TestShrink holds that a scenario gets as small as it can, and stays broken in the same way. A node that was parked
// panics here.
func TestShrink(t *testing.T) {
	r := newRunner()
	r.verbs["park"] = func(_ *world, m *machine, _ event) { m.image = -1 }
	long, _, err := parseScenario(`
found 3
write m1 4
kill m1 3
park m2
boot m1
operator node=m3 gives-up any-order interrupted=seed-forced
expect panic/panic`)
	if err != nil {
		t.Fatal(err)
	}
	const want = "found 2\npark m2\noperator\n"
	if small := r.shrink(long, "panic/panic"); small.String() != want {
		t.Errorf("got\n%swant\n%s", small, want)
	}
}
