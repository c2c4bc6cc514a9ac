package recovery

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// SeedResult is what a forced start came to.
type SeedResult struct {
	ClusterID etcd.ID
	MemberID  etcd.ID
	Members   []manifest.Member
	Discarded int64 // log entries that the forced start dropped
	OldData   string
	Revision  int64
}

// Seed carries out a plan: it grows a new cluster of one voter from the data of one master.
func Seed(interrupt context.Context, p *SeedPlan, nodes map[string]*node.Node, o Options) (*SeedResult, error) {
	ctx, abort, end := working(interrupt)
	defer end()
	s := &seeding{crew: newCrew(o, "recovery "+p.RecoveryID, nodes, p.Evidence, abort), plan: p}
	defer s.release(ctx)
	defer func() { _ = s.book.settle() }() // before the lock is given back
	s.seed = s.masters[p.Node]
	s.book = openBook(s.seed.ev.seedJournal(p.RecoveryID), "seed", p.RecoveryID, s.seed.Node, o.now)
	if err := (walk{Options: o, record: s.record, leave: s.leave}).carryOut(interrupt, ctx, p.steps(s)); err != nil {
		return nil, err
	}
	return s.result, nil
}

// seeding is a seed at work. The plan's list of steps is made without one.
type seeding struct {
	*crew
	plan   *SeedPlan
	seed   *master
	book   *book
	result *SeedResult
	began  bool // something was changed by this very call
}

// Steps is the list that the plan shows and the apply walks.
func (p *SeedPlan) Steps() []Step { return p.steps(nil) }

func (p *SeedPlan) steps(s *seeding) []Step {
	seed := p.Evidence[p.Node]
	all := append(p.others(), p.Node)
	slices.Sort(all)
	steps := []Step{
		{
			Master: words(all),
			Title:  "take the lock",
			act:    func(ctx context.Context) error { return s.lock(ctx, all, nil) },
		},
		{
			Master: words(all),
			Title:  "check that the masters are as they were in the plan, and the majority still lost",
			act:    s.check,
		},
	}
	// The others first: while the seed answers them, wiped masters cannot found an empty cluster.
	if others := p.others(); len(others) > 0 {
		steps = append(
			steps,
			Step{
				Master: words(others),
				Title: "stop etcd: move its manifest out of the kubelet's folder; prove the container gone and the " +
					"ports free",
				done: s.settled,
				act: func(ctx context.Context) error {
					return s.each(ctx, others, func(ctx context.Context, m *master) error { return m.stop(ctx) })
				},
			},
		)
	}
	copied := fmt.Sprintf("copy %s (%s) to %s and compare", seed.DataDir, size(seed.DataBytes), p.OldData)
	if p.OldWAL != "" {
		copied += fmt.Sprintf("; %s to %s", seed.WALDir, p.OldWAL)
	}
	return append(
		steps,
		Step{
			Master: p.Node,
			Title:  "stop etcd in an orderly way, so that it writes down what it has committed",
			done:   s.forced,
			act: func(ctx context.Context) error {
				return s.seed.stop(ctx)
			},
		},
		Step{Master: p.Node, Title: copied, done: s.copied, act: s.copy},
		Step{
			Master: p.Node,
			Title: "write the forced manifest to " + p.ManifestPath + "; start etcd; check that it is a cluster of " +
				"one voter, itself",
			done: s.forced,
			act:  s.force,
		},
		Step{
			Master: p.Node,
			Title: "take the flag out: write the final manifest to " + p.ManifestPath + "; restart etcd; check that " +
				"it runs without the flag",
			done: s.unforced,
			act:  s.unforce,
		},
		Step{
			Master: p.Node,
			Title:  "make the recorded peer URL " + strings.Join(seed.PeerURLs, ","),
			done:   s.addressed,
			act:    s.address,
		},
		Step{
			Master: p.Node,
			Title:  "check the end state: one voter, a leader, no alarm, no force flag in any manifest",
			act:    s.confirm,
		},
	)
}

// record keeps the journal from the first change on.
func (s *seeding) record(ctx context.Context, number, of int, title string) error {
	if !s.began {
		return nil
	}
	if err := s.book.step(ctx, number, of, title); err != nil || number < of {
		return err
	}
	return s.book.finish(ctx)
}
