//go:build linux && whole

package executor_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

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
	}
	wantFinished(t, l, nodes)
}
