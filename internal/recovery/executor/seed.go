// Package executor carries out what package planner has decided: the runbook at work.
package executor

import (
	"context"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// SeedResult is what a forced start came to.
type SeedResult struct {
	ClusterID etcd.ID
	MemberID  etcd.ID
	Members   []manifest.Member
	Discarded *int64 // log entries that the forced start dropped; nil where etcd's log does not say
	OldData   string
	Revision  int64
}

// Seed carries out a plan: it grows a new cluster of one voter from the data of one master.
func Seed(interrupt context.Context, p *planner.SeedPlan, nodes map[string]*node.Node, o Options) (*SeedResult, error) {
	ctx, abort, end := working(interrupt)
	defer end()
	s := &seeding{
		crew: newCrew(o, "recovery "+p.RecoveryID, nodes, p.Evidence, abort), plan: p, readStopped: survey.ReadStopped,
	}
	defer s.release(ctx)
	defer func() { _ = s.book.settle() }() // before the lock is given back
	s.seed = s.masters[p.Node]
	s.seed.ours = []string{node.Hash([]byte(p.Forced)), node.Hash([]byte(p.Final))}
	s.flagIn = s.seed.ev.ForceFlag != ""
	s.book = openBook(s.seed.ev.SeedJournal(p.RecoveryID), recovery.OperationSeed, p.RecoveryID, s.seed.Node, o.now)
	w := walk{Options: o, actions: s.actions(), record: s.record, secure: s.takeFlagOut, leave: s.leave}
	if err := w.carryOut(interrupt, ctx, p.Steps()); err != nil {
		return nil, err
	}
	return s.result, nil
}

// seeding is a seed at work.
type seeding struct {
	*crew
	plan   *planner.SeedPlan
	seed   *master
	book   *book
	result *SeedResult
	began  bool // something was changed by this very call

	readStopped func(context.Context, *node.Node, recovery.Evidence) (*recovery.OnDisk, error)

	looked      bool  // the nodes were looked at under the lock
	othersAlive error // a cluster with other members than the seed answered then
	flagIn      bool  // the forced manifest may be in the kubelet's folder
	flagOut     bool  // it was taken out when the run ended
	pastCopy    bool  // the copy that is there is of older data
}

// actions are how the steps of Steps are carried out.
func (s *seeding) actions() map[recovery.StepID]action {
	return map[recovery.StepID]action{
		recovery.StepLock:  {act: func(ctx context.Context) error { return s.lock(ctx, s.plan.Reached(), nil) }},
		recovery.StepCheck: {act: s.check},
		recovery.StepStopOthers: {done: s.settled, act: func(ctx context.Context) error {
			return s.each(ctx, s.plan.Others(), func(ctx context.Context, m *master) error { return m.stop(ctx) })
		}},
		recovery.StepStopSeed: {done: s.forced, act: s.stopSeed},
		recovery.StepCopy:     {done: s.copied, act: s.copy},
		recovery.StepForce:    {done: s.forced, act: s.force},
		recovery.StepUnforce:  {done: s.unforced, act: s.unforce},
		recovery.StepPeerURL:  {done: s.addressed, act: s.address},
		recovery.StepConfirm:  {act: s.confirm},
	}
}

// record keeps the journal from the first change on.
func (s *seeding) record(ctx context.Context, number, of int, step recovery.Step) error {
	if !s.began {
		return nil
	}
	if err := s.book.step(ctx, number, of, step); err != nil || number < of {
		return err
	}
	// Whatever else was begun on these nodes is of the cluster before.
	if err := s.each(ctx, s.plan.Reached(), func(ctx context.Context, m *master) error {
		return s.closeOthers(ctx, m, func(j recovery.Journal) recovery.Phase {
			if j.FileName() == s.book.FileName() || s.givesUp(j) {
				return ""
			}
			return recovery.PhaseVoid
		})
	}); err != nil {
		return err
	}
	return s.book.finish(ctx)
}
