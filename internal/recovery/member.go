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

// Member carries out a plan: it makes one master a voter of a living cluster. nodes holds the master itself and those of the cluster.
func Member(ctx context.Context, p *MemberPlan, nodes map[string]*node.Node, o Options) (*MemberResult, error) {
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	j := &joining{crew: newCrew(o, nodes, map[string]Evidence{p.Node: p.Evidence}, abort), plan: p}
	defer j.release(ctx)
	defer func() { _ = j.book.settle() }() // before the lock is given back
	j.self = j.masters[p.Node]
	if err := carryOut(ctx, p.steps(j), o.Observe, j.record, j.touched); err != nil {
		return nil, err
	}
	// A join that was broken off at its very end is a voter already, and only its journal is open.
	if j.began || len(j.book.Steps) > 0 {
		if err := j.self.retire(ctx, j.book); err != nil {
			return nil, err
		}
		if err := j.book.finish(ctx); err != nil {
			return nil, err
		}
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
	voter   bool // it is a healthy voter already
}

// Steps is the list that the plan shows and the apply walks.
func (p *MemberPlan) Steps() []Step { return p.steps(nil) }

func (p *MemberPlan) steps(j *joining) []Step {
	e := p.Evidence
	if p.Healthy {
		return []Step{
			{Master: p.Node, Title: "check that it is as it was in the plan: a started voter of a cluster with a quorum", act: j.check},
			{Master: p.Node, Title: "check the end state: one cluster, all started voters, a leader, no alarm, equal hashes", act: j.confirm},
		}
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
		{Master: p.Node, Title: "take the lock", act: func(ctx context.Context) error { return j.lockAll(ctx) }},
		{Master: cluster, Title: "check that the master is as it was in the plan, and that the cluster has a quorum and no alarm", act: j.check},
		{Master: p.Node, Title: "stop etcd: move its manifest out of the kubelet's folder; prove the container gone and the ports free", done: j.isVoter, act: j.stop},
		{Master: cluster, Title: "remove the entry that was left of this master, if there is one", done: j.isVoter, act: j.removeStale},
		{Master: p.Node, Title: aside, done: j.isVoter, act: j.moveAside},
		{Master: cluster, Title: "add it as a learner at " + strings.Join(e.PeerURLs, ","), done: j.isVoter, act: j.add},
		{Master: p.Node, Title: "write the manifest to " + p.ManifestPath + "; start etcd", done: j.isVoter, act: j.start},
		{Master: p.Node, Title: "wait until it has applied what the leader had", done: j.isVoter, act: j.catchUp},
		{Master: cluster, Title: "promote it to a voter", done: j.isVoter, act: j.promote},
		{Master: cluster, Title: "check the end state: one cluster, all started voters, a leader, no alarm, equal hashes, no force flag in any manifest", act: j.confirm},
	}
}

func (j *joining) record(ctx context.Context, title string) error {
	if !j.began {
		return nil
	}
	return j.book.step(ctx, title)
}

func (j *joining) touched() string {
	switch {
	case !j.began:
		return nothingTouched
	case j.book.mark(markLearner) != "":
		return fmt.Sprintf("%s was added to the cluster as learner %s, which does not count for the quorum; its data from before is in %s. The other members work on.", j.self.Name, j.book.mark(markLearner), j.book.mark(markOldData))
	case j.book.mark(markOldData) != "":
		return fmt.Sprintf("etcd is stopped on %s and its data from before is in %s. The other members work on.", j.self.Name, j.book.mark(markOldData))
	}
	return fmt.Sprintf("etcd may be stopped on %s, with its manifest in %s. Its data is where it was, and the other members work on.", j.self.Name, j.self.ParkedDir())
}
