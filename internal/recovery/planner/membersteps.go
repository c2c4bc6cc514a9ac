package planner

import (
	"fmt"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Steps is the list that the plan shows and the apply walks.
func (p *MemberPlan) Steps() []recovery.Step {
	e := p.Evidence
	step := func(id recovery.StepID, nodes []string, title string) recovery.Step {
		return recovery.Step{ID: id, Operation: recovery.OperationMember, Nodes: nodes, Title: title}
	}
	own, cluster := []string{p.Node}, []string(nil)
	lock := step(recovery.StepLock, own, "take the lock")
	if p.Healthy {
		steps := []recovery.Step{
			step(
				recovery.StepCheck,
				own,
				"check that it is as it was in the plan: a started voter of a cluster with a quorum",
			),
			step(
				recovery.StepConfirm,
				own,
				"check the end state: one cluster, all started voters, a leader, no alarm, equal hashes",
			),
		}
		if p.Resumes != "" { // its journal is still to be closed
			steps = append([]recovery.Step{lock}, steps...)
		}
		return steps
	}
	aside := fmt.Sprintf("move what is in %s (%s) to %s", e.DataDir, recovery.Size(e.DataBytes), p.OldData)
	if p.OldData == "" {
		aside = fmt.Sprintf("nothing is in %s, so there is nothing to keep", e.DataDir)
	}
	if p.OldWAL != "" {
		aside += fmt.Sprintf(", what is in %s to %s", e.WALDir, p.OldWAL)
	}
	return []recovery.Step{
		lock,
		step(
			recovery.StepCheck,
			cluster,
			"check that the master is as it was in the plan, and that the cluster has a quorum and no alarm",
		),
		step(
			recovery.StepStop,
			own,
			"stop etcd: move its manifest out of the kubelet's folder; prove the container gone and the ports free",
		),
		step(recovery.StepRemoveStale, cluster, "remove the entry that was left of this master, if there is one"),
		step(recovery.StepMoveAside, own, aside),
		step(recovery.StepAddLearner, cluster, "add it as a learner at "+strings.Join(e.PeerURLs, ",")),
		step(recovery.StepStart, own, "write the manifest to "+p.ManifestPath+"; start etcd"),
		step(recovery.StepCatchUp, own, "wait until it has applied what the leader had"),
		step(recovery.StepPromote, cluster, "promote it to a voter"),
		step(
			recovery.StepConfirm,
			cluster,
			"check the end state: one cluster, all started voters, a leader, no alarm, equal hashes, no force flag "+
				"in any manifest",
		),
	}
}
