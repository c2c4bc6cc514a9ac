package planner

import (
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// unread are the nodes that are there and may have data that nobody has read: more than a cluster that answers, where
// that was founded on empty disks. One that runs and is not heard may well be of that cluster, and be needed there.
func (c *Census) unread() (unsure, unheard []string) {
	for _, n := range c.Nodes {
		_, known := n.Progress()
		switch {
		case n.Running && deniesClient(n.Unknown.Status): // it may be one of the quorum
			unheard = append(unheard, n.Name)
		case known || n.Holds == Serves:
		case n.Running && !n.NoManifest, n.Holds == Damaged && n.Readable:
			unheard = append(unheard, n.Name)
		case n.Holds == HasData, n.unsure(), n.Reach == recovery.Refused:
			unsure = append(unsure, n.Name)
		}
	}
	return unsure, unheard
}

// beyond reports whether a node has committed more than any of some others has in its log, as far as these were read: a
// quorum that has never had that is of another history. What a recovery has left behind is so on purpose.
func (c *Census) beyond(name string, others []string) bool {
	n := c.find(name)
	own, _ := n.Progress()
	return n.LeftBy == "" && !slices.ContainsFunc(others, func(name string) bool {
		p, known := c.find(name).Progress()
		return known && p.Last >= own.Kept
	})
}

// knowsMore is true of a master whose data cannot have come from the cluster that answers: what a quorum has committed
// is never less than what one of its members has. It is what remains when wiped masters, started with
// --initial-cluster-state=new while the survivor was down, have founded the cluster anew, under the same IDs and empty.
func knowsMore(e recovery.Evidence) bool {
	if e.Live == nil || e.Quorum || !e.Readable {
		return false
	}
	if e.Status != nil {
		return e.Status.ClusterID == e.Live.ClusterID && e.Status.RaftIndex > e.Live.Commit
	}
	if s := e.Disk; s != nil && s.ClusterID == e.Live.ClusterID {
		if e.Running && deniesClient(e.Unknown.Status) { // it may be one of the quorum
			return false
		}
		if e.Live.Lists(s.MemberID) {
			return s.Committed() > e.Live.Commit || s.LastTerm > e.Live.Term || s.KeptLeast > e.Live.Revision
		}
		// One that a recovery has left behind may have been ahead, and that was accepted.
		return e.LeftBy == "" && s.KeptLeast > e.Live.Revision
	}
	return e.Live.Revision <= 1 // nothing was ever written there
}
