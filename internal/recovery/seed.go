package recovery

import (
	"context"
	"fmt"
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
	s.book = openBook(s.seed.ev.seedJournal(p.RecoveryID), OperationSeed, p.RecoveryID, s.seed.Node, o.now)
	w := walk{Options: o, actions: s.actions(), record: s.record, leave: s.leave}
	if err := w.carryOut(interrupt, ctx, p.Steps()); err != nil {
		return nil, err
	}
	return s.result, nil
}

// seeding is a seed at work.
type seeding struct {
	*crew
	plan   *SeedPlan
	seed   *master
	book   *book
	result *SeedResult
	began  bool // something was changed by this very call
}

// Steps is the list that the plan shows and the apply walks.
func (p *SeedPlan) Steps() []Step {
	seed := p.Evidence[p.Node]
	step := func(id StepID, nodes []string, title string) Step {
		return Step{ID: id, Operation: OperationSeed, Nodes: nodes, Title: title}
	}
	own := []string{p.Node}
	steps := []Step{
		step(StepLock, p.reached(), "take the lock"),
		step(
			StepCheck,
			p.reached(),
			"check that the masters are as they were in the plan, and the majority still lost",
		),
	}
	// The others first: while the seed answers them, wiped masters cannot found an empty cluster.
	if others := p.others(); len(others) > 0 {
		steps = append(steps, step(
			StepStopOthers,
			others,
			"stop etcd: move its manifest out of the kubelet's folder; prove the container gone and the ports free",
		))
	}
	copied := fmt.Sprintf("copy %s (%s) to %s and compare", seed.DataDir, size(seed.DataBytes), p.OldData)
	if p.OldWAL != "" {
		copied += fmt.Sprintf("; %s to %s", seed.WALDir, p.OldWAL)
	}
	return append(
		steps,
		step(StepStopSeed, own, "stop etcd in an orderly way, so that it writes down what it has committed"),
		step(StepCopy, own, copied),
		step(
			StepForce,
			own,
			"write the forced manifest to "+p.ManifestPath+"; start etcd; check that it is a cluster of one voter, "+
				"itself",
		),
		step(
			StepUnforce,
			own,
			"take the flag out: write the final manifest to "+p.ManifestPath+"; restart etcd; check that it runs "+
				"without the flag",
		),
		step(StepPeerURL, own, "make the recorded peer URL "+strings.Join(seed.PeerURLs, ",")),
		step(StepConfirm, own, "check the end state: one voter, a leader, no alarm, no force flag in any manifest"),
	)
}

// actions are how the steps of Steps are carried out.
func (s *seeding) actions() map[StepID]action {
	return map[StepID]action{
		StepLock:  {act: func(ctx context.Context) error { return s.lock(ctx, s.plan.reached(), nil) }},
		StepCheck: {act: s.check},
		StepStopOthers: {done: s.settled, act: func(ctx context.Context) error {
			return s.each(ctx, s.plan.others(), func(ctx context.Context, m *master) error { return m.stop(ctx) })
		}},
		StepStopSeed: {done: s.forced, act: func(ctx context.Context) error { return s.seed.stop(ctx) }},
		StepCopy:     {done: s.copied, act: s.copy},
		StepForce:    {done: s.forced, act: s.force},
		StepUnforce:  {done: s.unforced, act: s.unforce},
		StepPeerURL:  {done: s.addressed, act: s.address},
		StepConfirm:  {act: s.confirm},
	}
}

// record keeps the journal from the first change on.
func (s *seeding) record(ctx context.Context, number, of int, step Step) error {
	if !s.began {
		return nil
	}
	if err := s.book.step(ctx, number, of, step); err != nil || number < of {
		return err
	}
	return s.book.finish(ctx)
}
