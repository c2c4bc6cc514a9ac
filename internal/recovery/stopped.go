package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// Stopped is what the data of a member says that does not run.
type Stopped struct {
	ClusterID, MemberID etcd.ID
	Commit              uint64 // as the log has it; it lags where etcd was killed
	ConsistentIndex     uint64 // the last entry that was applied to the database
	LastIndex, LastTerm uint64 // of the log's last entry
	Revision            int64  // of the database
	StorageVersion      string `json:",omitempty"` // since etcd 3.6
	Learner             bool   `json:",omitempty"`
	Removed             bool   `json:",omitempty"` // from its cluster
	Torn                bool   `json:",omitempty"` // the log's last record is not whole, and etcd will drop it
	Members             []etcd.Member
}

// readStopped reads the data of a member that does not run. With damage it is no seed; whether a quorum could be started with it is still for
// the operator to try. Data that could not be read for another reason is not known.
func (e *Evidence) readStopped(ctx context.Context, n *node.Node, paths node.Paths, disk *node.Disk) {
	s, err := datadir.Read(ctx, n.DataDir(paths, disk))
	if errors.Is(err, datadir.ErrDamaged) { // or is etcd just being started, and writes?
		s, err = datadir.Read(ctx, n.DataDir(paths, disk))
	}
	if err == nil && tooNew(s.Backend.StorageVersion, e.Image) {
		err = fmt.Errorf("%w: it was written by etcd %s, and the image is %s, which does not start with it", datadir.ErrDamaged, s.Backend.StorageVersion, e.Image)
	}
	if errors.Is(err, datadir.ErrDamaged) {
		e.Damage = err.Error()
		e.Warnings = append(e.Warnings, fmt.Sprintf("etcd's data in %s on %s cannot be used: %v", e.DataDir, e.Name, err))
		return
	}
	if err != nil {
		e.Warnings = append(e.Warnings, fmt.Sprintf("etcd's data in %s on %s could not be read: %v", e.DataDir, e.Name, err))
		return
	}
	self := s.Log.MemberID
	e.Stopped = &Stopped{
		ClusterID: etcd.ID(s.Log.ClusterID), MemberID: etcd.ID(self), Commit: s.Log.Commit, ConsistentIndex: s.Backend.ConsistentIndex,
		LastIndex: s.Log.LastIndex, LastTerm: s.Log.LastTerm, Revision: s.Backend.Revision, StorageVersion: s.Backend.StorageVersion,
		Learner: slices.Contains(s.Backend.Learners, self), Removed: slices.Contains(s.Backend.Removed, self), Torn: s.Log.Torn,
	}
	for _, m := range s.Backend.Members {
		e.Stopped.Learner = e.Stopped.Learner || m.ID == self && m.Learner
		if !slices.Contains(s.Backend.Removed, m.ID) {
			e.Stopped.Members = append(e.Stopped.Members, etcd.Member{ID: etcd.ID(m.ID), Name: m.Name, PeerURLs: m.PeerURLs, Learner: m.Learner})
		}
	}
}

// unread says why it is not known how far a member's log goes.
func (e Evidence) unread() string {
	if e.Running {
		return fmt.Sprintf(" Etcd runs there and does not answer (%s). Stop it (move %s away), and its data is read from the disk.", e.StatusError, e.ManifestPath)
	}
	return " Its data could not be read; a warning says why."
}

// cluster is the ID of the cluster whose data this is; 0 where that is not known.
func (e Evidence) cluster() etcd.ID {
	switch {
	case e.Status != nil:
		return e.Status.ClusterID
	case e.Stopped != nil:
		return e.Stopped.ClusterID
	}
	return 0
}

// keeps is the last log entry that a forced start keeps here: what is committed as far as the member knows, and since 3.5.22 and 3.6.1 also
// what the database has (etcd, server/etcdserver/bootstrap.go; etcd-io/etcd#14009). A member that runs writes its commit index down when it
// is stopped in an orderly way.
func (e Evidence) keeps() (index uint64, known bool) {
	switch {
	case e.Status != nil:
		return e.Status.RaftIndex, true
	case e.Stopped == nil:
		return 0, false
	case forgetsCommit(e.Image):
		return e.Stopped.Commit, true
	}
	return max(e.Stopped.Commit, e.Stopped.ConsistentIndex), true
}

// drops is how many entries a forced start would throw away here. Only of a stopped member the end of the log is known.
func (e Evidence) drops() uint64 {
	kept, known := e.keeps()
	if !known || e.Stopped == nil || e.Stopped.LastIndex <= kept {
		return 0
	}
	return e.Stopped.LastIndex - kept
}

// tail is the end of a stopped member's log.
func (e Evidence) tail() (last struct{ term, index uint64 }) {
	if e.Stopped != nil {
		last.term, last.index = e.Stopped.LastTerm, e.Stopped.LastIndex
	}
	return last
}

// learner is true of a member that has no vote: a forced start panics on it ("removed all voters").
func (e Evidence) learner() bool {
	return e.Status != nil && e.Status.Learner || e.Stopped != nil && e.Stopped.Learner
}
