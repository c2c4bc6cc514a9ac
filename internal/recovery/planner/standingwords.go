package planner

import (
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// words says how a member stands, and what to do; "" of one that is well.
func (s stand) words(e recovery.Evidence) string {
	switch s {
	case standsWell:
		return ""
	case hasProblem:
		return e.Problems[0]
	case hasNoManifest:
		return "no etcd manifest was found on it, so nothing can be said about its etcd."
	case isFoundedAlone:
		return fmt.Sprintf(
			"it serves cluster %s, of which it is the only member and which has fewer writes than %s, as one that was "+
				"founded on an empty folder. Terraform plans to let it rejoin, and keeps what it has.",
			e.Status.ClusterID,
			e.Live.ClusterID,
		)
	case isUnlisted:
		return fmt.Sprintf(
			"the cluster %s has a quorum and does not list it as a member. Terraform plans to let it rejoin.",
			e.Live.ClusterID,
		)
	case hasNoData:
		return fmt.Sprintf("there is no etcd data in %s any more. Terraform plans to let it rejoin.", e.DataDir)
	case isDisowned:
		return fmt.Sprintf(
			"its data does not fit the cluster any more (%s). Terraform plans to let it rejoin.",
			e.Disowned(),
		)
	case isHalfway:
		return fmt.Sprintf("%s. Terraform plans to go on with it.", goesOnAfter(e, Begun(e)))
	case isParked:
		return fmt.Sprintf(
			"etcd is stopped: its manifest is at %s, outside the kubelet's folder. Let it rejoin with "+
				"etcdrecovery_member, or put the manifest back.",
			e.Parked,
		)
	case isUnmounted:
		return "etcd does not run, and it is not known whether its data is lost: " + e.Unknown.Data + "."
	case hasNoLog:
		return fmt.Sprintf(
			"etcd does not run, and there is no log in %s: look at the kubelet and at the container's log.",
			e.DataDir,
		)
	case isStopped:
		return "etcd does not run, and its data is there: look at the kubelet and at the container's log."
	case isUnheard:
		return "etcd runs and does not answer: " + e.Unknown.Status
	case isTwin:
		return oneMemberOnTwo(e.Name, e.Twin, e.Status.MemberID)
	case isLearner:
		return "etcd runs as a learner, which has no vote yet."
	case isCutOff:
		return fmt.Sprintf(
			"etcd runs without a leader, and others of its cluster have one. Members that it does not reach: %s. Look "+
				"at the network between them, and at its log.",
			recovery.Words(cutOff(e)),
		)
	case isBeside:
		return fmt.Sprintf(
			"etcd runs without a quorum beside cluster %s, which has one. If it is to be of that, stop it (%s), and "+
				"plan again.",
			e.Live.ClusterID,
			parking(e),
		)
	case hasNoQuorum:
		return "etcd runs without a quorum. If the other members can be started, start them; if their " +
			"majority is lost for good, set a new recovery_id on etcdrecovery_seed."
	case isOfSameID:
		return fmt.Sprintf(
			"etcd serves cluster %s, and others serve one with this ID that does not list it as a member.",
			e.Status.ClusterID,
		)
	case isOfAnother:
		return fmt.Sprintf(
			"etcd serves cluster %s, and the cluster that the most members are in is %s.",
			e.Status.ClusterID,
			e.Live.ClusterID,
		)
	case hasAlarm:
		return fmt.Sprintf("etcd serves cluster %s with alarms %s.", e.Status.ClusterID, recovery.Words(e.Alarms))
	}
	return string(s)
}
