package planner

import (
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// stand is how a member stands in its cluster. Lost is only what is proved: a quorum of its cluster does not list its
// ID, or its data folder is empty. What is wrong with the node itself comes first: a manifest that cannot be read now
// says nothing about the member.
type stand string

const (
	standsWell     stand = "healthy"
	hasProblem     stand = "has-problem"
	hasNoManifest  stand = "has-no-manifest"
	isFoundedAlone stand = "founded-alone" // lost
	isUnlisted     stand = "unlisted"      // lost
	hasNoData      stand = "has-no-data"   // lost
	isDisowned     stand = "disowned"      // lost

	isHalfway   stand = "join-broken-off"
	isParked    stand = "parked"
	isUnmounted stand = "stopped-and-data-unknown"
	hasNoLog    stand = "stopped-without-log"
	isStopped   stand = "stopped"
	isUnheard   stand = "unheard"
	isTwin      stand = "twin"
	isLearner   stand = "learner"
	isCutOff    stand = "cut-off"
	isBeside    stand = "beside-a-cluster"
	hasNoQuorum stand = "no-quorum"
	isOfSameID  stand = "of-a-cluster-with-the-same-id"
	isOfAnother stand = "of-another-cluster"
	hasAlarm    stand = "alarm"
)

// lost reports whether it is proved that the member is lost.
func (s stand) lost() bool {
	return slices.Contains([]stand{isFoundedAlone, isUnlisted, hasNoData, isDisowned}, s)
}

// Standing says how a member stands in its cluster. cluster and member are the IDs it is known by, "" where not known.
func Standing(e recovery.Evidence, cluster, member string) (healthyVoter, lost bool, why string) {
	n := takeCensus(recovery.Survey{e}).Nodes[0]
	s := n.stands(cluster, member)
	return s == standsWell, s.lost(), s.words(n.Evidence)
}

func (n *Node) stands(cluster, member string) stand {
	e := n.Evidence
	answers := e.Live != nil && (cluster == "" || e.Live.ClusterID.String() == cluster)
	switch {
	case answers && healthy(e):
		return standsWell
	case len(e.Problems) > 0:
		return hasProblem
	case e.Manifest == "":
		return hasNoManifest
	case answers && foundedAlone(e):
		return isFoundedAlone
	case answers && n.Holds != Serves && unlistedForSure(e, member):
		return isUnlisted
	case e.Unknown.Data == "" && (e.Empty || e.WALDir == "" && e.NoLog): // etcd leaves folders where it fails to begin
		return hasNoData
	case answers && e.Unknown.Data == "" && e.Disowned() != "": // a disk that is not mounted looks like a wiped one
		return isDisowned
	}
	if HalfJoined(e, cluster) {
		return isHalfway
	}
	return n.ails()
}

// ails says what is the matter with a member that is neither a healthy voter nor proved to be lost.
func (n *Node) ails() stand {
	e := n.Evidence
	sameID := e.Status != nil && e.Live != nil && e.Status.ClusterID == e.Live.ClusterID
	switch {
	case e.Parked != "":
		return isParked
	case !e.Running && e.Unknown.Data != "":
		return isUnmounted
	case !e.Running && e.NoLog:
		return hasNoLog
	case !e.Running:
		return isStopped
	case e.Status == nil:
		return isUnheard
	case e.Twin != "":
		return isTwin
	case e.Status.Learner:
		return isLearner
	case n.Holds != Serves && sameID:
		return isCutOff
	case n.Holds != Serves && e.Live != nil:
		return isBeside
	case n.Holds != Serves:
		return hasNoQuorum
	case sameID && !listed(e, ""):
		return isOfSameID
	case e.Live != nil && !sameID:
		return isOfAnother
	}
	return hasAlarm
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
		if j.Operation == recovery.OperationSeed && j.Reached(recovery.PhaseFinished) &&
			(last == nil || j.Started.After(last.Started)) {
			last = &e.Journals[i]
		}
	}
	return last
}
