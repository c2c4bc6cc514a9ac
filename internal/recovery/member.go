package recovery

import (
	"context"
	"fmt"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
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
func Member(interrupt context.Context, p *MemberPlan, nodes map[string]*node.Node, o Options) (*MemberResult, error) {
	ctx, abort, end := working(interrupt)
	defer end()
	j := &joining{
		crew: newCrew(o, "the join of "+p.Node, nodes, map[string]Evidence{p.Node: p.Evidence}, abort),
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
	plan    *MemberPlan
	self    *master
	witness *master // a voter of the cluster, its leader where that is one of our masters
	book    *book
	text    string // what will stand in the manifest
	id      etcd.ID
	started string // the container that runs the new member
	result  *MemberResult
	began   bool
	spent   *Journal // of a join that made it a voter, which it is no more
	resumes bool     // the journal was there, and is to be closed
	voter   bool     // it is a healthy voter already
}

// Steps is the list that the plan shows and the apply walks.
func (p *MemberPlan) Steps() []Step {
	e := p.Evidence
	step := func(id StepID, nodes []string, title string) Step {
		return Step{ID: id, Operation: OperationMember, Nodes: nodes, Title: title}
	}
	own, cluster := []string{p.Node}, []string(nil)
	lock := step(StepLock, own, "take the lock")
	if p.Healthy {
		steps := []Step{
			step(StepCheck, own, "check that it is as it was in the plan: a started voter of a cluster with a quorum"),
			step(
				StepConfirm,
				own,
				"check the end state: one cluster, all started voters, a leader, no alarm, equal hashes",
			),
		}
		if p.Resumes != "" { // its journal is still to be closed
			steps = append([]Step{lock}, steps...)
		}
		return steps
	}
	aside := fmt.Sprintf("move what is in %s (%s) to %s", e.DataDir, size(e.DataBytes), p.OldData)
	if p.OldData == "" {
		aside = fmt.Sprintf("nothing is in %s, so there is nothing to keep", e.DataDir)
	}
	if p.OldWAL != "" {
		aside += fmt.Sprintf(", what is in %s to %s", e.WALDir, p.OldWAL)
	}
	return []Step{
		lock,
		step(
			StepCheck,
			cluster,
			"check that the master is as it was in the plan, and that the cluster has a quorum and no alarm",
		),
		step(
			StepStop,
			own,
			"stop etcd: move its manifest out of the kubelet's folder; prove the container gone and the ports free",
		),
		step(StepRemoveStale, cluster, "remove the entry that was left of this master, if there is one"),
		step(StepMoveAside, own, aside),
		step(StepAddLearner, cluster, "add it as a learner at "+strings.Join(e.PeerURLs, ",")),
		step(StepStart, own, "write the manifest to "+p.ManifestPath+"; start etcd"),
		step(StepCatchUp, own, "wait until it has applied what the leader had"),
		step(StepPromote, cluster, "promote it to a voter"),
		step(
			StepConfirm,
			cluster,
			"check the end state: one cluster, all started voters, a leader, no alarm, equal hashes, no force flag "+
				"in any manifest",
		),
	}
}

// actions are how the steps of Steps are carried out. What makes a voter of the master has no more to do with one that
// is a voter already.
func (j *joining) actions() map[StepID]action {
	return map[StepID]action{
		StepLock:        {act: j.lockAll},
		StepCheck:       {act: j.check},
		StepStop:        {done: j.isVoter, act: j.stop},
		StepRemoveStale: {done: j.isVoter, act: j.removeStale},
		StepMoveAside:   {done: j.isVoter, act: j.moveAside},
		StepAddLearner:  {done: j.isVoter, act: j.add},
		StepStart:       {done: j.isVoter, act: j.start},
		StepCatchUp:     {done: j.isVoter, act: j.catchUp},
		StepPromote:     {done: j.isVoter, act: j.promote},
		StepConfirm:     {act: j.confirm},
	}
}

// record keeps the journal from the first change on. A join that was broken off at its very end is a voter already, and
// only its journal is open.
func (j *joining) record(ctx context.Context, number, of int, step Step) error {
	if j.book == nil || !j.began && !j.resumes {
		return nil
	}
	if err := j.book.step(ctx, number, of, step); err != nil || number < of {
		return err
	}
	return j.book.finish(ctx)
}

// leave says how things are left.
func (j *joining) leave(context.Context, error) string {
	journal := j.self.ev.begun()
	if j.began || j.resumes {
		journal = j.book.Journal
	}
	stands := journal.stands(j.self.parkedAt())
	if !j.began {
		return earlier(stands)
	}
	return stands
}
