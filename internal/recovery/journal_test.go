package recovery

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// journalFrom reads a journal that is kept as a file for tests.
func journalFrom(t *testing.T, name string) *Journal {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "journals", name))
	if err != nil {
		t.Fatal(err)
	}
	all := readJournals([]node.File{{Path: name, Text: text}})
	if len(all) != 1 {
		t.Fatalf("%s: %d journals were read", name, len(all))
	}
	return &all[0]
}

// TestJournalWithoutIDs goes on from a journal whose steps have words only.
func TestJournalWithoutIDs(t *testing.T) {
	e := seedable()
	e.Journals = []Journal{*journalFrom(t, "seed-without-ids.json")}
	p, err := DecideSeed(
		map[string]Evidence{"m1": e, "m2": bare("m2"), "m3": bare("m3")},
		SeedRequest{RecoveryID: "2026-11-22"},
	)
	if err != nil {
		t.Fatal(err)
	}
	const older = "; its journal is from an older version of the provider"
	want := "recovery 2026-11-22 was begun on m1 at 2026-11-22 03:04:07 UTC and goes on after step 5 of 9 (copy " +
		"/var/lib/etcd (12 MiB) to /var/lib/etcd.etcdrecovery/1 and compare)" + older
	if p.Resumes != want || p.Node != "m1" || p.OldData != "/var/lib/etcd.etcdrecovery/1" {
		t.Errorf("the plan goes on with %s, %s: %q, want\n%q", p.Node, p.OldData, p.Resumes, want)
	}
	if stands := p.Evidence["m1"].Journals[0].stands(""); !strings.Contains(stands, "etcd is stopped on m1, m2, m3") {
		t.Errorf("things are left so: %s", stands)
	}

	done := journalFrom(t, "member-without-ids.json")
	if !strings.HasSuffix(done.stopped(), "was finished on m2 at 2026-11-22 03:04:35 UTC"+older) {
		t.Errorf("the join %s", done.stopped())
	}
	if unfinished([]Journal{*done}) != nil {
		t.Error("a join that is finished goes on")
	}
}

// TestEntry keeps the ID and the operation of a step beside its title.
func TestEntry(t *testing.T) {
	now := time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC)
	step := Step{ID: StepForce, Operation: OperationSeed, Nodes: []string{"m1"}, Title: "write the forced manifest"}
	j := &Journal{Operation: OperationSeed, ID: "x", Master: "m1", Started: now, Steps: []Entry{step.entry(6, 9, now)}}
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
	if strings.Contains(j.stopped(), "older version") {
		t.Errorf("it %s", j.stopped())
	}
}
