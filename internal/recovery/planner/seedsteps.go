package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Steps is the list that the plan shows and the apply walks.
func (p *SeedPlan) Steps() []recovery.Step {
	seed := p.Evidence.Node(p.Node)
	step := func(id recovery.StepID, nodes []string, title string) recovery.Step {
		return recovery.Step{ID: id, Operation: recovery.OperationSeed, Nodes: nodes, Title: title}
	}
	own := []string{p.Node}
	steps := []recovery.Step{
		step(recovery.StepLock, p.Reached(), "take the lock"),
		step(
			recovery.StepCheck,
			p.Reached(),
			"check that the masters are as they were in the plan, and the majority still lost",
		),
	}
	// The others first: while the seed answers them, wiped masters cannot found an empty cluster.
	if others := p.Others(); len(others) > 0 {
		steps = append(steps, step(
			recovery.StepStopOthers,
			others,
			"stop etcd: move its manifest out of the kubelet's folder; prove the container gone and the ports free",
		))
	}
	copied := fmt.Sprintf("copy %s (%s) to %s and compare", seed.DataDir, recovery.Size(seed.DataBytes), p.OldData)
	if p.OldWAL != "" {
		copied += fmt.Sprintf("; %s to %s", seed.WALDir, p.OldWAL)
	}
	return append(
		steps,
		step(recovery.StepStopSeed, own, "stop etcd in an orderly way, so that it writes down what it has committed"),
		step(recovery.StepCopy, own, copied),
		step(
			recovery.StepForce,
			own,
			"write the forced manifest to "+p.ManifestPath+"; start etcd; check that it is a cluster of one voter, "+
				"itself",
		),
		step(
			recovery.StepUnforce,
			own,
			"take the flag out: write the final manifest to "+p.ManifestPath+"; restart etcd; check that it runs "+
				"without the flag",
		),
		step(recovery.StepPeerURL, own, "make the recorded peer URL "+strings.Join(seed.PeerURLs, ",")),
		step(
			recovery.StepConfirm,
			own,
			"check the end state: one voter, a leader, no alarm, no force flag in any manifest",
		),
	)
}

// Others are the masters that answer, but for the seed.
func (p *SeedPlan) Others() []string {
	var others []string
	for _, e := range p.Evidence {
		if e.Name != p.Node && !slices.Contains(p.Lost, e.Name) {
			others = append(others, e.Name)
		}
	}
	return others
}

// Reached are the masters that answer, the seed among them.
func (p *SeedPlan) Reached() []string {
	all := append(p.Others(), p.Node)
	slices.Sort(all)
	return all
}

// Cluster is the cluster as it will be after the plan: the seed alone.
func (p *SeedPlan) Cluster() recovery.Cluster {
	seed := p.Evidence.Node(p.Node)
	c := recovery.Cluster{Members: []manifest.Member{{Name: seed.MemberName, PeerURLs: seed.PeerURLs}}}
	if id := seed.Cluster(); id != 0 {
		c.ID = id.String()
	}
	return c
}
