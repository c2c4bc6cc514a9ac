package recovery

import (
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
)

// OnDisk is what the data of a member says that does not answer.
type OnDisk struct {
	ClusterID, MemberID etcd.ID
	Name                string // as the cluster knows it
	Term, Commit        uint64 // HardState, as the log has it; it lags where etcd was killed
	FirstIndex          uint64 // of the entries in the log
	LastIndex, LastTerm uint64 // of the log's last entry
	Terms               []datadir.Term
	ConsistentIndex     uint64 // the last entry that was applied to the database
	Revision            int64  // of the database
	KeptLeast           int64  // of the database when all is applied that a forced start keeps, at least
	KeptRevision        int64  // and at most; the two differ where transactions may have failed
	LastRevision        int64  // of the database when the whole log is applied, at most
	StorageVersion      string `json:",omitempty"` // since etcd 3.6
	ClusterVersion      string `json:",omitempty"`
	Learner             bool   `json:",omitempty"`
	Removed             bool   `json:",omitempty"` // from its cluster
	Rewritten           bool   `json:",omitempty"` // the log removes all other voters: by a forced start
	Torn                bool   `json:",omitempty"` // the log's last record is not whole, and etcd will drop it
	Unchecked           int    `json:",omitempty"` // older segments of the log, whose checksums were not looked at
	Members             []etcd.Member
	Added               []etcd.ID `json:",omitempty"` // by the log, as far as a forced start keeps it
	RemovedMembers      []etcd.ID `json:",omitempty"`
}

// Kept is the last log entry that a forced start keeps here: what is committed as far as the member has written down,
// and since 3.5.22 and 3.6.1 also what the database has (etcd, server/etcdserver/bootstrap.go; etcd-io/etcd#14009).
func (s *OnDisk) Kept(image string) uint64 {
	if ForgetsCommit(Oldest(VersionOf(image), s)) {
		return s.Commit
	}
	return s.Committed()
}

// Committed is the last log entry that was certainly committed: only such entries are applied to the database.
func (s *OnDisk) Committed() uint64 { return max(s.Commit, s.ConsistentIndex) }

// TermOf is the term of a log entry, 0 where it is not known.
func (s *OnDisk) TermOf(index uint64) uint64 {
	return (&datadir.Log{FirstIndex: s.FirstIndex, LastIndex: s.LastIndex, Terms: s.Terms}).TermOf(index)
}

// Cluster is the ID of the cluster whose data this is; 0 where that is not known.
func (e Evidence) Cluster() etcd.ID {
	switch {
	case e.Status != nil:
		return e.Status.ClusterID
	case e.Disk != nil:
		return e.Disk.ClusterID
	}
	return 0
}

// Learner is true of a member that has no vote: a forced start panics on it ("removed all voters").
func (e Evidence) Learner() bool {
	return e.Status != nil && e.Status.Learner || e.Disk != nil && e.Disk.Learner
}
