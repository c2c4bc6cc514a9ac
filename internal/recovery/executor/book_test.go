package executor

import (
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestEntry keeps the ID and the operation of a step beside its title.
func TestEntry(t *testing.T) {
	now := time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC)
	step := recovery.Step{
		ID:        recovery.StepForce,
		Operation: recovery.OperationSeed,
		Nodes:     []string{"m1"},
		Title:     "write the forced manifest",
	}
	j := &recovery.Journal{
		Operation: recovery.OperationSeed,
		ID:        "x",
		Master:    "m1",
		Started:   now,
		Steps:     []recovery.Entry{step.Entry(6, 9, now)},
	}
	text, err := (&book{Journal: j}).text()
	if err != nil {
		t.Fatal(err)
	}
	want := `
      "Time": "2026-11-22T03:04:05Z",
      "Operation": "seed",
      "ID": "force",
      "Number": 6,
      "Of": 9,
      "Step": "write the forced manifest"
`
	if !strings.Contains(string(text), want) {
		t.Errorf("the journal is\n%s\nwant in it\n%s", text, want)
	}
	if strings.Contains(j.HowFar(), "older version") {
		t.Errorf("it %s", j.HowFar())
	}
}
