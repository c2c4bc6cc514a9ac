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
	if err := (walk{Options: o, record: j.record, leave: j.leave}).carryOut(interrupt, ctx, p.steps(j)); err != nil {
		return nil, err
	}
	return j.result, nil
}

// joining is a join at work. The plan's list of steps is made without one.
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
func (p *MemberPlan) Steps() []Step { return p.steps(nil) }

func (p *MemberPlan) steps(j *joining) []Step {
	e := p.Evidence
	lock := Step{Master: p.Node, Title: "take the lock", act: func(ctx context.Context) error { return j.lockAll(ctx) }}
	if p.Healthy {
		steps := []Step{
			{
				Master: p.Node,
				Title:  "check that it is as it was in the plan: a started voter of a cluster with a quorum",
				act:    j.check,
			},
			{
				Master: p.Node,
				Title:  "check the end state: one cluster, all started voters, a leader, no alarm, equal hashes",
				act:    j.confirm,
			},
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
	cluster := "cluster"
	return []Step{
		lock,
		{
			Master: cluster,
			Title:  "check that the master is as it was in the plan, and that the cluster has a quorum and no alarm",
			act:    j.check,
		},
		{
			Master: p.Node,
			Title: "stop etcd: move its manifest out of the kubelet's folder; prove the container gone and the " +
				"ports free",
			done: j.isVoter,
			act:  j.stop,
		},
		{
			Master: cluster,
			Title:  "remove the entry that was left of this master, if there is one",
			done:   j.isVoter,
			act:    j.removeStale,
		},
		{Master: p.Node, Title: aside, done: j.isVoter, act: j.moveAside},
		{
			Master: cluster,
			Title:  "add it as a learner at " + strings.Join(e.PeerURLs, ","),
			done:   j.isVoter,
			act:    j.add,
		},
		{
			Master: p.Node,
			Title:  "write the manifest to " + p.ManifestPath + "; start etcd",
			done:   j.isVoter,
			act:    j.start,
		},
		{Master: p.Node, Title: "wait until it has applied what the leader had", done: j.isVoter, act: j.catchUp},
		{Master: cluster, Title: "promote it to a voter", done: j.isVoter, act: j.promote},
		{
			Master: cluster,
			Title: "check the end state: one cluster, all started voters, a leader, no alarm, equal hashes, no " +
				"force flag in any manifest",
			act: j.confirm,
		},
	}
}

// record keeps the journal from the first change on. A join that was broken off at its very end is a voter already, and
// only its journal is open.
func (j *joining) record(ctx context.Context, number, of int, title string) error {
	if j.book == nil || !j.began && !j.resumes {
		return nil
	}
	if err := j.book.step(ctx, number, of, title); err != nil || number < of {
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
