//go:build linux && whole

package provider_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// TestDrift loses masters after a recovery: one whose disk was wiped is let in again by an update in place, one that
// does not answer keeps its state, and the seed itself comes back as a member.
func TestDrift(t *testing.T) {
	l, keys := start(t, lab.Options{})
	loseMajority(t, l)
	w := workspace(t, l, surveyBlock(l)+seedBlock()+chain(l))
	run(t, w, 0, "apply", "-no-color", "-auto-approve")
	wantRecovered(t, l, w, keys)
	const seed, m2, m3 = "etcdrecovery_seed.this", "etcdrecovery_member.m2", "etcdrecovery_member.m3"

	wipe(t, l.Node("m3"))
	wantUpdate(t, w, m3)
	wantSettled(t, w)
	reopen(t, l.Node("m3"), false)
	wantUpdate(t, w, m3)
	wantSettled(t, w)
	wipe(t, l.Node("m2"))
	wantUpdate(t, w, m2)
	wipe(t, l.Node("m1"))
	wantUpdate(t, w, seed)
	reopen(t, l.Node("m1"), true)
	wantUpdate(t, w, seed)
	wantSettled(t, w)

	// One that is to be finished and does not answer is left alone.
	reopen(t, l.Node("m2"), true)
	run(t, w, 0, "apply", "-no-color", "-refresh-only", "-auto-approve")
	if got := attributes(t, w)[m2]["status"]; got != "unfinished" {
		t.Errorf("m2 is %v", got)
	}
	wantChanges(t, w)
	l.Node("m2").CutOff()
	wantSettled(t, w)
	if err := l.Node("m2").Reconnect(); err != nil {
		t.Fatal(err)
	}
	wantUpdate(t, w, m2)
	wantSettled(t, w)

	l.Node("m3").CutOff()
	wantSettled(t, w)
	if got := attributes(t, w)[m3]["status"]; got != "healthy" {
		t.Errorf("m3 does not answer and is %v", got)
	}
}

// reopen leaves the journal of the last join on a master as an apply does that is broken off right before its end, or
// before its first step was written down.
func reopen(t *testing.T, m lab.Identity, steps bool) {
	t.Helper()
	journals, err := filepath.Glob(m.Path("/var/lib/etcdrecovery/member-*.journal"))
	if err != nil || len(journals) == 0 {
		t.Fatalf("no join was made on %s: %v", m.Name(), err)
	}
	last := slices.Max(journals) // they are named by the time
	text, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	open := regexp.MustCompile(`(?m)^  "Ended":.*\n`).ReplaceAll(text, nil)
	open = bytes.Replace(open, []byte(`"Phase": "finished"`), []byte(`"Phase": "voter"`), 1)
	if !steps {
		open = regexp.MustCompile(`(?s)"Steps": \[.*?\n  \]`).ReplaceAllLiteral(open, []byte(`"Steps": null`))
	}
	if len(open) == len(text) {
		t.Fatalf("%s was not finished:\n%s", last, text)
	}
	if err := os.WriteFile(last, open, 0o600); err != nil {
		t.Fatal(err)
	}
}
