package planner

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// journalFrom reads a journal that is kept as a file for tests.
func journalFrom(t *testing.T, name string) *recovery.Journal {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "journals", name))
	if err != nil {
		t.Fatal(err)
	}
	var j recovery.Journal
	if err := json.Unmarshal(text, &j); err != nil {
		t.Fatal(err)
	}
	return &j
}

// TestJournalWithoutIDs goes on from a journal whose steps have words only.
func TestJournalWithoutIDs(t *testing.T) {
	e := seedable()
	e.Journals = []recovery.Journal{*journalFrom(t, "seed-without-ids.json")}
	e.Parked, e.Running = "/var/lib/etcdrecovery/parked/etcd.yaml", false
	p, err := DecideSeed(
		recovery.Survey{e, bare("m2"), bare("m3")},
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
	if stands := p.Evidence.Node("m1").Journals[0].Stands(
		"",
	); !strings.Contains(
		stands,
		"etcd is stopped on m1, m2, m3",
	) {
		t.Errorf("things are left so: %s", stands)
	}

	done := journalFrom(t, "member-without-ids.json")
	if !strings.HasSuffix(done.HowFar(), "was finished on m2 at 2026-11-22 03:04:35 UTC"+older) {
		t.Errorf("the join %s", done.HowFar())
	}
	if Unfinished(recovery.Evidence{Journals: []recovery.Journal{*done}}) {
		t.Error("a join that is finished goes on")
	}
}
