package executor

import (
	"context"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// MemberResult is what a join came to.
type MemberResult struct {
	ClusterID etcd.ID
	MemberID  etcd.ID
	Members   []manifest.Member
	Manifest  string
	OldData   string
}

// Member carries out a plan: it makes one master a voter of a living cluster. nodes holds the master itself and those
// of the cluster.
func Member(
	interrupt context.Context,
	p *planner.MemberPlan,
	nodes map[string]*node.Node,
	o Options,
) (*MemberResult, error) {
	ctx, abort, end := working(interrupt)
	defer end()
	j := &joining{
		crew: newCrew(o, "the join of "+p.Node, nodes, recovery.Survey{p.Evidence}, abort),
		plan: p,
	}
	defer j.release(ctx)
	defer func() { _ = j.book.settle() }() // before the lock is given back
	j.self = j.masters[p.Node]
	w := walk{Options: o, actions: j.actions(), record: j.record, leave: j.leave}
	if err := w.carryOut(interrupt, ctx, p.Steps()); err != nil {
		return nil, err
	}
	return j.result, nil
}

// joining is a join at work.
type joining struct {
	*crew
	plan    *planner.MemberPlan
	self    *master
	witness *master // a voter of the cluster, its leader where that is one of our masters
	book    *book
	text    string // what will stand in the manifest
	id      etcd.ID
	started string // the container that runs the new member
	result  *MemberResult
	began   bool
	spent   *recovery.Journal // of a join that was never ended, whose data has had another life since
	resumes bool              // the journal was there, and is to be closed
	voter   bool              // it is a healthy voter already
}

// actions are how the steps of Steps are carried out. What makes a voter of the master has no more to do with one that
// is a voter already.
func (j *joining) actions() map[recovery.StepID]action {
	return map[recovery.StepID]action{
		recovery.StepLock:        {act: j.lockAll},
		recovery.StepCheck:       {act: j.check},
		recovery.StepStop:        {done: j.isVoter, act: j.stop},
		recovery.StepRemoveStale: {done: j.isVoter, act: j.removeStale},
		recovery.StepMoveAside:   {done: j.isVoter, act: j.moveAside},
		recovery.StepAddLearner:  {done: j.isVoter, act: j.add},
		recovery.StepStart:       {done: j.isVoter, act: j.start},
		recovery.StepCatchUp:     {done: j.isVoter, act: j.catchUp},
		recovery.StepPromote:     {done: j.isVoter, act: j.promote},
		recovery.StepConfirm:     {act: j.confirm},
	}
}

// record keeps the journal from the first change on. A join that was broken off at its very end is a voter already, and
// only its journal is open.
func (j *joining) record(ctx context.Context, number, of int, step recovery.Step) error {
	if j.book == nil || !j.began && !j.resumes {
		return nil
	}
	if err := j.book.step(ctx, number, of, step); err != nil || number < of {
		return err
	}
	// What was begun before on this node is of data that it has no more.
	if err := j.closeOthers(ctx, j.self, func(have recovery.Journal) recovery.Phase {
		if have.FileName() == j.book.FileName() || !have.Started.Before(j.book.Started) {
			return ""
		}
		return recovery.PhaseVoid
	}); err != nil {
		return err
	}
	return j.book.finish(ctx)
}

// leave says how things are left.
func (j *joining) leave(context.Context, error) string {
	journal := planner.Begun(j.self.ev)
	if j.began || j.resumes {
		journal = j.book.Journal
	}
	stands := journal.Stands(j.self.parkedAt())
	if !j.began {
		return recovery.Earlier(stands)
	}
	return stands
}
