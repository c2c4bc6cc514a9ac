package recovery

import (
	"cmp"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// Progress is how far the data of a member goes.
type Progress struct {
	Cluster, Member etcd.ID
	Kept            uint64 // the last log entry that a forced start keeps
	Last, LastTerm  uint64 // of the end of the log; the term is 0 where a member runs and does not tell
	KeptLeast       int64  // revision when all is applied that a forced start keeps, at least
	KeptRevision    int64  // and at most
	LastRevision    int64  // when the whole log is applied, at most
}

// Progress is known of a member that answers, and of one whose data was read. One that runs is stopped in an orderly
// way before it is forced, and writes down then what it knows to be committed.
func (e Evidence) Progress() (Progress, bool) {
	switch {
	case e.Status != nil:
		p := Progress{
			Cluster: e.Status.ClusterID,
			Member:  e.Status.MemberID,
			Kept:    e.Status.RaftIndex,
			Last:    e.Status.RaftIndex,
		}
		// An entry makes one revision at most.
		p.KeptRevision = e.Status.Revision + int64(p.Kept-min(p.Kept, e.Status.AppliedIndex))
		p.KeptLeast, p.LastRevision = e.Status.Revision, p.KeptRevision
		if e.Tail != nil && e.Tail.Index >= p.Last {
			p.LastRevision += int64(e.Tail.Index - p.Last)
			p.Last, p.LastTerm = e.Tail.Index, e.Tail.Term
		}
		return p, true
	case e.Disk != nil:
		s := e.Disk
		kept := s.Kept(e.Image)
		return Progress{
			Cluster:      s.ClusterID,
			Member:       s.MemberID,
			Kept:         kept,
			Last:         max(kept, s.LastIndex),
			LastTerm:     s.LastTerm,
			KeptLeast:    s.KeptLeast,
			KeptRevision: s.KeptRevision,
			LastRevision: max(s.KeptRevision, s.LastRevision),
		}, true
	}
	return Progress{}, false
}

// Further orders by the end of the log as Raft does: the term of the last entry, then its index. Of all survivors the
// first in this order holds every entry that was ever committed and that any of them has.
func (p Progress) Further(q Progress) int {
	return cmp.Or(cmp.Compare(q.LastTerm, p.LastTerm), cmp.Compare(q.Last, p.Last))
}
