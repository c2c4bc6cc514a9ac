package planner

import (
	"fmt"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Standing says how a member stands in its cluster. Lost is only what is proved: a quorum of its cluster does not list
// its ID, or its data folder is empty. What is wrong with the node itself comes first: a manifest that cannot be read
// at the moment says nothing about the member. cluster and member are the IDs it is known by, "" where not known.
func Standing(e recovery.Evidence, cluster, member string) (healthyVoter, lost bool, why string) {
	answers := e.Live != nil && (cluster == "" || e.Live.ClusterID.String() == cluster)
	switch {
	case answers && healthy(e):
		return true, false, ""
	case len(e.Problems) > 0:
		return false, false, e.Problems[0]
	case e.Manifest == "":
		return false, false, "no etcd manifest was found on it, so nothing can be said about its etcd."
	case answers && foundedAlone(e):
		return false, true, fmt.Sprintf(
			"it serves cluster %s, of which it is the only member and which has fewer writes than %s, as one that was "+
				"founded on an empty folder. Terraform plans to let it rejoin, and keeps what it has.",
			e.Status.ClusterID,
			e.Live.ClusterID,
		)
	case answers && !e.Quorum && unlistedForSure(e, member):
		return false, true, fmt.Sprintf(
			"the cluster %s has a quorum and does not list it as a member. Terraform plans to let it rejoin.",
			e.Live.ClusterID,
		)
	case e.EmptyUnknown == "" && (e.Empty || e.WALDir == "" && e.NoLog): // etcd leaves folders where it fails to begin
		return false, true, fmt.Sprintf(
			"there is no etcd data in %s any more. Terraform plans to let it rejoin.",
			e.DataDir,
		)
	case answers && e.EmptyUnknown == "" && e.Disowned() != "": // a disk that is not mounted looks like a wiped one
		return false, true, fmt.Sprintf(
			"its data does not fit the cluster any more (%s). Terraform plans to let it rejoin.",
			e.Disowned(),
		)
	}
	return false, false, unhealthyWords(e)
}

// unhealthyWords says what is the matter with a member that is neither a healthy voter nor proved to be lost.
func unhealthyWords(e recovery.Evidence) string {
	switch {
	case e.Parked != "":
		return fmt.Sprintf(
			"etcd is stopped: its manifest is at %s, outside the kubelet's folder. Let it rejoin with "+
				"etcdrecovery_member, or put the manifest back.",
			e.Parked,
		)
	case !e.Running && e.EmptyUnknown != "":
		return "etcd does not run, and it is not known whether its data is lost: " + e.EmptyUnknown + "."
	case !e.Running && e.NoLog:
		return fmt.Sprintf(
			"etcd does not run, and there is no log in %s: look at the kubelet and at the container's log.",
			e.DataDir,
		)
	case !e.Running:
		return "etcd does not run, and its data is there: look at the kubelet and at the container's log."
	case e.Status == nil:
		return "etcd runs and does not answer: " + e.StatusError
	case e.Twin != "":
		return fmt.Sprintf(oneMemberOnTwo, e.Name, e.Twin, e.Status.MemberID)
	case e.Status.Learner:
		return "etcd runs as a learner, which has no vote yet."
	case !e.Quorum && e.Live != nil && e.Status.ClusterID == e.Live.ClusterID:
		return fmt.Sprintf(
			"etcd runs without a leader, and others of its cluster have one. Members that it does not reach: %s. Look "+
				"at the network between them, and at its log.",
			recovery.Words(cutOff(e)),
		)
	case !e.Quorum && e.Live != nil && e.Status.ClusterID != e.Live.ClusterID:
		return fmt.Sprintf(
			"etcd runs without a quorum beside cluster %s, which has one. If it is to be of that, stop it by moving "+
				"%s away, and plan again.",
			e.Live.ClusterID,
			e.ManifestPath,
		)
	case !e.Quorum:
		return "etcd runs without a quorum. If the other members can be started, start them; if their " +
			"majority is lost for good, set a new recovery_id on etcdrecovery_seed."
	case e.Live != nil && e.Status.ClusterID == e.Live.ClusterID && !listed(e, ""):
		return fmt.Sprintf(
			"etcd serves cluster %s, and others serve one with this ID that does not list it as a member.",
			e.Status.ClusterID,
		)
	case e.Live != nil && e.Status.ClusterID != e.Live.ClusterID:
		return fmt.Sprintf(
			"etcd serves cluster %s, and the cluster that the most members are in is %s.",
			e.Status.ClusterID,
			e.Live.ClusterID,
		)
	}
	return fmt.Sprintf(
		"etcd serves cluster %s with alarms %s.",
		e.Status.ClusterID,
		recovery.Words(e.Alarms),
	)
}

// foundedAlone reports whether a node serves a cluster of its own, beside the one that answers, with a shorter history.
func foundedAlone(e recovery.Evidence) bool {
	return e.Quorum && e.Status != nil && e.Status.ClusterID != e.Live.ClusterID && len(e.Members) == 1 && !surpasses(e)
}

// memberIDs returns those that a node's member can go by in the cluster that answers: the one it is known by, and the
// one that its own data has. They differ where it was removed and added again by hand.
func memberIDs(e recovery.Evidence, member string) []string {
	var ids []string
	if member != "" {
		ids = append(ids, member)
	}
	if p, known := e.Progress(); known && p.Member != 0 && p.Cluster == e.Live.ClusterID {
		ids = append(ids, p.Member.String())
	}
	return ids
}

// unlistedForSure reports whether the cluster that answers has no member by an ID of the node's. The ID alone that it
// was known by may be an old one: of a node whose etcd runs and was neither heard nor read, or whose address the
// cluster lists, it proves nothing.
func unlistedForSure(e recovery.Evidence, member string) bool {
	ids := memberIDs(e, member)
	if len(ids) == 0 || listed(e, member) {
		return false
	}
	if len(ids) > 1 || ids[0] != member {
		return true
	}
	unknown := e.Running && e.Status == nil && e.Disk == nil
	return !unknown && !slices.ContainsFunc(e.Live.Members, func(m etcd.Member) bool {
		return recovery.SharesURL(m.PeerURLs, e.PeerURLs)
	})
}

// listed reports whether the cluster that answers lists the node's member. Names and addresses do not count: they
// outlive a machine, and another one can have them.
func listed(e recovery.Evidence, member string) bool {
	ids := memberIDs(e, member)
	return slices.ContainsFunc(e.Live.Members, func(m etcd.Member) bool { return slices.Contains(ids, m.ID.String()) })
}

// LastSeed is the latest finished recovery that was made from a master, nil where there was none.
func LastSeed(e recovery.Evidence) *recovery.Journal {
	var last *recovery.Journal
	for i, j := range e.Journals {
		if j.Operation == recovery.OperationSeed && j.Done() && (last == nil || j.Started.After(last.Started)) {
			last = &e.Journals[i]
		}
	}
	return last
}
