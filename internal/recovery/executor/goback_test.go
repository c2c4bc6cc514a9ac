//go:build linux

package executor_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/sample"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

func itoa(n int) string { return strconv.Itoa(n) }

// TestGoBack fails while the copy is made, and before each step up to it where everything runs: everything is put back
// as it was, and the next attempt is a new one. In the end it recovers these masters, whose manifests look as no two
// others.
func TestGoBack(t *testing.T) {
	l := start(t, lab.Options{Etcd: "3.6", Manifest: oddShape})
	must(t, l.Fill(t.Context(), 50, 100))
	shapes := manifestsOf(t, l)
	keys, _, err := l.CountKeys(t.Context(), "m1")
	must(t, err)
	loseMajority(t, l)
	m1, nodes := l.Node("m1"), nodesOf(t, l)
	plan := func() *planner.SeedPlan {
		t.Helper()
		p, err := planner.DecideSeed(
			survey.Take(t.Context(), nodes, time.Now()),
			planner.SeedRequest{RecoveryID: "test"},
		)
		must(t, err)
		if p.Resumes != "" {
			t.Errorf("there is nothing to go on from, and the plan says: %s", p.Resumes)
		}
		return p
	}
	manifests := func() string {
		t.Helper()
		text := ""
		for _, m := range l.Nodes() {
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
		if !ok || !strings.Contains(r.Detail(), "Etcd's manifests are in the kubelet's folders of m1, m2, m3 again") ||
			!strings.Contains(r.Detail(), "point of no return was not reached") {
			t.Fatalf("got %v", err)
		}
		if after := manifests(); after != before {
			t.Errorf("the manifests are not as they were:\n%s\nwant\n%s", after, before)
		}
		for _, m := range l.Nodes() {
			if left, _ := filepath.Glob(m.Path("/var/lib/etcdrecovery/parked/*")); len(left) > 0 {
				t.Errorf("parked on %s: %v", m.Name(), left)
			}
		}
	}
	steps := []recovery.StepID{recovery.StepStopSeed, recovery.StepStopOthers, recovery.StepCopy}
	for _, step := range sample.Of(steps, 0) {
		_, err := executor.Seed(t.Context(), plan(), nodes, stopBefore(step))
		if !errors.Is(err, errCut) {
			t.Fatalf("stopped before %s: %v", step, err)
		}
		back(err)
	}
	p, stopped := plan(), false
	if sample.Whole {
		p, stopped = copyFails(t, l, nodes, p), true
	}
	// The masters that have lost their data must not come back before the seed answers them, which the attempt before
	// may have stopped.
	_, err = executor.Seed(t.Context(), p, nodes, executor.Options{Observe: func(_, _ int, s recovery.Step) error {
		if s.ID == recovery.StepCheck && stopped && answers(t, m1) {
			t.Error("m1 runs already")
		}
		if s.ID != recovery.StepCopy {
			return nil
		}
		// As if the master had lost its power while it copied.
		must(t, os.MkdirAll(m1.Path("/var/lib/etcd.etcdrecovery/1.copying/member"), 0o700))
		return errCut
	}})
	if !answers(t, m1) {
		t.Error("the masters are back, and m1 does not answer them")
	}
	back(err)
	if left, _ := os.ReadDir(m1.Path("/var/lib/etcd.etcdrecovery")); len(left) > 0 {
		t.Errorf("what was left of a copy is still there: %v", left)
	}
	p = plan()
	// Interrupted when the copy is made: from here there is a way back by hand, and the way on.
	ctx, cancel := context.WithCancel(t.Context())
	_, err = executor.Seed(ctx, p, nodes, executor.Options{Acted: func(_, _ int, s recovery.Step) error {
		if s.ID == recovery.StepCopy {
			cancel()
		}
		return nil
	}})
	cancel()
	wantRefusal(
		t,
		err,
		recovery.CodeInterrupted,
		"Stopped before step "+place(p.Steps(), recovery.StepForce)+" on m1",
		"the data of m1 is copied to",
		"the point of no return is not reached",
		"cp -p "+m1.Path("/var/lib/etcdrecovery/parked/etcd.yaml"),
	)
	colleague := nodes["m2"].As("ann@jumphost")
	must(t, colleague.Lock(t.Context(), "ann@jumphost", ""))
	p, err = planner.DecideSeed(
		survey.Take(t.Context(), nodes, time.Now()),
		planner.SeedRequest{RecoveryID: "test"},
	)
	must(t, err)
	_, err = planner.DecideSeed(p.Evidence, planner.SeedRequest{RecoveryID: "test", Node: "m2"})
	wantRefusal(
		t,
		err,
		recovery.CodeOtherSeed,
		"Changed: nothing this time. An earlier apply left it so: etcd is stopped on m1, m2, m3",
	)
	_, err = executor.Seed(t.Context(), p, nodes, executor.Options{})
	wantRefusal(
		t,
		err,
		recovery.CodeLocked,
		"Changed: nothing this time. An earlier apply left it so: etcd is stopped on m1, m2, m3, and the data of m1 "+
			"is copied to",
	)
	must(t, colleague.Unlock(t.Context()))
	_, err = executor.Seed(t.Context(), p, nodes, options(t))
	must(t, err)
	must(t, joinAll(t.Context(), l, nodes, options(t)))
	wantRecovered(t, l, keys)
	wantShapes(t, l, shapes)
	wantFinished(t, l, nodes, "m1")
	if kept, _ := filepath.Glob(m1.Path("/var/lib/etcd.etcdrecovery/*")); len(kept) != 1 {
		t.Errorf("m1 keeps %v, want one copy", kept)
	}
}

// place is how an error numbers a step: "5 of 9".
func place(steps []recovery.Step, id recovery.StepID) string {
	at := slices.IndexFunc(steps, func(s recovery.Step) bool { return s.ID == id })
	return fmt.Sprintf("%d of %d", at+1, len(steps))
}

// copyFails fails in the copy, on a disk that has no room to put the seed's manifest back either. It returns the plan
// that goes on from there.
func copyFails(
	t *testing.T, l *lab.Lab, nodes map[string]*node.Node, p *planner.SeedPlan,
) *planner.SeedPlan {
	t.Helper()
	m1 := l.Node("m1")
	undo := script(
		t,
		m1,
		"cp",
		`case "$*" in *.copying/*|*/manifests/.etcdrecovery-*) `+
			`echo 'cp: error writing: No space left on device' >&2; exit 1;; esac; exec /bin/cp "$@"`,
	)
	_, err := executor.Seed(t.Context(), p, nodes, executor.Options{})
	undo()
	// The seed's own manifest could not be put back with that cp either.
	wantRefusal(
		t,
		err,
		recovery.CodeStepFailed,
		"Step "+place(p.Steps(), recovery.StepCopy)+" on m1: ",
		"No space left on device",
		"could not be put back on m1",
		"could not be put back on m2",
		"that of m1 first",
		"on m1: mv "+m1.Path("/var/lib/etcdrecovery/parked/etcd.yaml"),
		"on m3: mv "+l.Node("m3").Path("/var/lib/etcdrecovery/parked/etcd.yaml"),
	)

	p, err = planner.DecideSeed(
		survey.Take(t.Context(), nodes, time.Now()),
		planner.SeedRequest{RecoveryID: "test"},
	)
	must(t, err)
	if !strings.Contains(p.Resumes, "recovery test was begun on m1 at") ||
		!strings.Contains(p.Resumes, "goes on after step "+place(p.Steps(), recovery.StepStopSeed)+" (") {
		t.Errorf("the plan says: %q", p.Resumes)
	}
	_, err = planner.DecideSeed(p.Evidence, planner.SeedRequest{RecoveryID: "test", Node: "m2"})
	wantRefusal(
		t,
		err,
		recovery.CodeOtherSeed,
		"Changed: nothing this time. An earlier apply left it so: etcd's manifests may have been moved out of the "+
			"kubelet's folders of m1, m2, m3. Nothing was forced",
	)
	return p
}
