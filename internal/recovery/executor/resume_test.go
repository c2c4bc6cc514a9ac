//go:build linux

package executor_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

var errCut = errors.New("the line was cut")

// stopBefore fails at one step, as if everything had ended there.
func stopBefore(id recovery.StepID) executor.Options {
	return executor.Options{Observe: func(_, _ int, s recovery.Step) error {
		if s.ID == id {
			return errCut
		}
		return nil
	}}
}

// TestResume stops the recovery at each of its steps in turn, before one and in the middle of the next, and begins anew
// every time with a new survey. The fault matrix does all of both, and more.
func TestResume(t *testing.T) {
	l := start(t, lab.Options{})
	must(t, l.Fill(t.Context(), 300, 100))
	before, _, err := l.CountKeys(t.Context(), "m1")
	must(t, err)
	loseMajority(t, l)
	nodes := nodesOf(t, l)

	seed := func(ctx context.Context, o executor.Options) error {
		p, err := planner.DecideSeed(
			survey.Take(context.WithoutCancel(ctx), nodes, time.Now()),
			planner.SeedRequest{RecoveryID: "test"},
		)
		if err != nil {
			return err
		}
		_, err = executor.Seed(ctx, p, nodes, o)
		return err
	}
	join := func(name string) func(context.Context, executor.Options) error {
		return func(ctx context.Context, o executor.Options) error {
			e := surveyUntil(context.WithoutCancel(ctx), nodes, joinable(name)).Node(name)
			p, err := planner.DecideMember(e, recovery.Cluster{ID: e.Live.ClusterID.String()}, false)
			if err != nil {
				return err
			}
			_, err = executor.Member(ctx, p, nodes, o)
			return err
		}
	}
	walk := func(steps []recovery.Step, attempt func(context.Context, executor.Options) error) {
		t.Helper()
		turn := rand.IntN(2)
		for i, at := range steps {
			if i%2 == turn {
				if err := attempt(t.Context(), stopBefore(at.ID)); err == nil {
					return // the attempt before had come to its end but for the last look
				} else if !errors.Is(err, errCut) {
					t.Fatalf("stopped before %s: %v", at.ID, err)
				}
				continue
			}
			ctx, cancel := context.WithCancel(t.Context())
			err := attempt(ctx, executor.Options{Observe: func(_, _ int, s recovery.Step) error {
				if s.ID == at.ID {
					time.AfterFunc(15*time.Millisecond, cancel)
				}
				return nil
			}})
			cancel()
			if err == nil {
				return // the context ended too late to be noticed: it is done
			}
			t.Logf("interrupted in %s: %v", at.ID, err)
		}
		if err := attempt(t.Context(), options(t)); err != nil {
			t.Fatal(err)
		}
	}
	planned := &planner.SeedPlan{
		SeedRequest: planner.SeedRequest{Node: "m1"},
		Evidence:    recovery.Survey{{Name: "m1"}, {Name: "m2"}},
	}
	walk(planned.Steps(), seed)
	walk((&planner.MemberPlan{Node: "m2"}).Steps(), join("m2"))
	walk(nil, join("m3"))
	for _, m := range l.Nodes() {
		if got, _, err := l.CountKeys(t.Context(), m.Name()); err != nil || got != before {
			t.Errorf("%s has %d keys (%v), want %d", m.Name(), got, err, before)
		}
		if locks, _ := filepath.Glob(m.Path("/var/lib/etcdrecovery/lock*")); len(locks) > 0 {
			t.Errorf("%s still has %v", m.Name(), locks)
		}
		if parked, _ := filepath.Glob(m.Path("/var/lib/etcdrecovery/parked/*")); len(parked) > 0 {
			t.Errorf("%s still has %v", m.Name(), parked)
		}
	}
	for _, e := range survey.Take(t.Context(), nodes, time.Now()) {
		name := e.Name
		if len(e.Journals) != 1 {
			t.Errorf("%s has %d journals, want one", name, len(e.Journals))
		}
		for _, j := range e.Journals {
			if _, err := os.Stat(filepath.Join(j.Places.Data, "member", "snap", "db")); err != nil ||
				j.Finished.IsZero() {
				t.Errorf(
					"the journal of %s on %s finished at %v, and what it kept: %v",
					j.Operation,
					name,
					j.Finished,
					err,
				)
			}
		}
	}
}
