//go:build linux

package recovery_test

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

func itoa(n int) string { return strconv.Itoa(n) }

// TestGoBack fails at each step before the copy is made: everything is put back as it was, and the next attempt is a new one.
func TestGoBack(t *testing.T) {
	l := start(t, lab.Options{})
	must(t, l.Fill(t.Context(), 50, 100))
	keys, _, err := l.CountKeys(t.Context(), "m1")
	must(t, err)
	loseMajority(t, l)
	nodes := nodesOf(t, l)
	plan := func() *recovery.SeedPlan {
		t.Helper()
		p, err := recovery.DecideSeed(recovery.Survey(t.Context(), nodes, time.Now()), recovery.SeedRequest{RecoveryID: "test"})
		must(t, err)
		if p.Resumes != "" {
			t.Errorf("there is nothing to go on from, and the plan says: %s", p.Resumes)
		}
		return p
	}
	manifests := func() string {
		t.Helper()
		text := ""
		for _, m := range l.Masters() {
			hash, err := m.TreeHash("/etc/kubernetes")
			must(t, err)
			text += hash + "\n"
		}
		return text
	}
	before := manifests()
	back := func(err error) {
		t.Helper()
		r, ok := recovery.IsRefusal(err)
		if !ok || !strings.Contains(r.Detail(), "Etcd's manifests are in the kubelet's folders of m1, m2, m3 again") || !strings.Contains(r.Detail(), "point of no return was not reached") {
			t.Fatalf("got %v", err)
		}
		if after := manifests(); after != before {
			t.Errorf("the manifests are not as they were:\n%s\nwant\n%s", after, before)
		}
		for _, m := range l.Masters() {
			if left, _ := filepath.Glob(m.Path("/var/lib/etcdrecovery/parked/*")); len(left) > 0 {
				t.Errorf("parked on %s: %v", m.Name(), left)
			}
		}
	}
	for step := 3; step <= 5; step++ {
		_, err := recovery.Seed(t.Context(), plan(), nodes, stopBefore(step))
		if !errors.Is(err, errCut) {
			t.Fatalf("stopped before step %d: %v", step, err)
		}
		back(err)
	}
	// A copy that fails.
	undo := script(t, l.Master("m1"), "cp", `case "$*" in *.copying/*|*/manifests/.etcdrecovery-*) echo 'cp: error writing: No space left on device' >&2; exit 1;; esac; exec /bin/cp "$@"`)
	_, err = recovery.Seed(t.Context(), plan(), nodes, recovery.Options{})
	undo()
	// The seed's own manifest could not be put back with that cp either.
	wantRefusal(t, err, "Recovery Step Failed", "Step 5 of 9 on m1: copy", "No space left on device", "could not be put back on m1", "could not be put back on m2", "that of m1 first",
		"on m1: mv "+l.Master("m1").Path("/var/lib/etcdrecovery/parked/etcd.yaml"), "on m3: mv "+l.Master("m3").Path("/var/lib/etcdrecovery/parked/etcd.yaml"))

	p, err := recovery.DecideSeed(recovery.Survey(t.Context(), nodes, time.Now()), recovery.SeedRequest{RecoveryID: "test"})
	must(t, err)
	if !strings.Contains(p.Resumes, "recovery test was begun on m1 at") || !strings.Contains(p.Resumes, "goes on after step 4 of 9 (stop etcd") {
		t.Errorf("the plan says: %q", p.Resumes)
	}
	// Interrupted when the copy is made: from here there is a way back by hand, and the way on.
	ctx, cancel := context.WithCancel(t.Context())
	_, err = recovery.Seed(ctx, p, nodes, recovery.Options{Acted: func(step, _ int, _ recovery.Step) error {
		if step == 5 {
			cancel()
		}
		return nil
	}})
	cancel()
	wantRefusal(t, err, "Recovery Interrupted", "Stopped before step 6 of 9 on m1", "its data is copied to", "the point of no return is not reached", "cp -p "+l.Master("m1").Path("/var/lib/etcdrecovery/parked/etcd.yaml"))
	must(t, recoverAll(t, l, nodes, "test", options(t)))
	for _, m := range l.Masters() {
		if got, _, err := l.CountKeys(t.Context(), m.Name()); err != nil || got != keys {
			t.Errorf("%s has %d keys (%v), want %d", m.Name(), got, err, keys)
		}
	}
	if kept, _ := filepath.Glob(l.Master("m1").Path("/var/lib/etcd.etcdrecovery/*")); len(kept) != 1 {
		t.Errorf("m1 keeps %v, want one copy", kept)
	}
}
