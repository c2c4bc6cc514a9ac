package survey

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// ErrWritten is data that somebody writes.
var ErrWritten = errors.New("somebody writes to it at this moment")

// ReadDisk reads the data of a member that does not answer. One may run all the same: without a leader it writes
// nothing. With damage it is no seed; whether a quorum could be started with it is still for the operator to try. Data
// that could not be read for another reason is not known. It returns the log of data that could.
func ReadDisk(
	ctx context.Context, e *recovery.Evidence, n *node.Node, paths node.Paths, disk *node.Disk,
) *datadir.Log {
	ctx, cancel := context.WithTimeout(ctx, diskWait)
	defer cancel()
	dir := n.DataDir(paths, disk)
	s, err := readQuiet(ctx, dir, e.Image)
	switch {
	case errors.Is(err, datadir.ErrDamaged):
		e.Damage = err.Error()
		e.Warnings = append(e.Warnings, fmt.Sprintf("etcd's data in %s cannot be used: %v", e.DataDir, err))
		return nil
	case err != nil:
		e.Unknown.Disk = err.Error()
		e.Warnings = append(e.Warnings, fmt.Sprintf("etcd's data in %s could not be judged: %v", e.DataDir, err))
		return nil
	case s.Backend.OneMeta:
		e.Warnings = append(
			e.Warnings,
			fmt.Sprintf(
				"one of the two pages with which the database in %s begins is not whole, as after a power loss; etcd "+
					"goes by the other one",
				e.DataDir,
			),
		)
	}
	e.Disk, e.Alarms, e.Auth = onDisk(s, e.Image), alarmsOf(&s.Backend), s.Backend.Auth
	if recovery.TooNew(e.Disk.StorageVersion, e.Disk.ClusterVersion, e.Image) {
		e.TooNew = fmt.Sprintf(
			"the data in %s was written by etcd %s, and the image is %s, which does not start with it",
			e.DataDir,
			cmp.Or(e.Disk.StorageVersion, e.Disk.ClusterVersion),
			e.Image,
		)
		e.Warnings = append(e.Warnings, e.TooNew)
	}
	if wrote := cmp.Or(
		e.Disk.StorageVersion,
		e.Disk.ClusterVersion,
	); wrote != "" &&
		recovery.VersionOf(e.Image) == nil {
		e.Warnings = append(e.Warnings, fmt.Sprintf(
			"the data in %s was written by etcd %s; an older etcd does not start with it, and the image %s does not "+
				"tell its version",
			e.DataDir,
			wrote,
			e.Image,
		))
	}
	return &s.Log
}

// ReadStopped reads the data of a member that was stopped. The evidence says where it is.
func ReadStopped(ctx context.Context, n *node.Node, e recovery.Evidence) (*recovery.OnDisk, error) {
	ctx, cancel := context.WithTimeout(ctx, diskWait)
	defer cancel()
	m, err := e.Parse()
	if err != nil {
		return nil, err
	}
	paths := node.Paths{DataDir: e.DataDir, WALDir: e.WALDir, Image: m.Image()}
	disk, err := n.Disk(ctx, paths, e.Runtime)
	if err != nil {
		return nil, err
	}
	s, err := readQuiet(ctx, n.DataDir(paths, disk), e.Image)
	if err != nil {
		return nil, err
	}
	return onDisk(s, e.Image), nil
}

// needsSnapshotFiles reports whether an etcd begins with a snapshot file, as those before 3.7 do.
func needsSnapshotFiles(image string) bool {
	return recovery.Oldest(recovery.VersionOf(image), nil).LessThan(recovery.Release(7, 0))
}

// readQuiet reads data that nobody writes to meanwhile: what changes while it is read is neither whole nor damaged. An
// etcd that is just being started is quiet after a moment. One whose version is not known is taken for one that needs
// its snapshot files.
func readQuiet(ctx context.Context, dir *node.DataDir, image string) (*datadir.State, error) {
	snapshotFiles := needsSnapshotFiles(image)
	for try := 1; ; try++ {
		s, err := datadir.Read(ctx, dir, snapshotFiles)
		if err != nil && !errors.Is(err, datadir.ErrDamaged) {
			return nil, err
		}
		changed, failed := dir.Changed(ctx)
		switch {
		case failed != nil:
			return nil, failed
		case !changed:
			return s, err
		case try == 3:
			return nil, ErrWritten
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// alarmsOf are the alarms of which a member would speak if it answered.
func alarmsOf(b *datadir.Backend) []string {
	var alarms []string
	for _, a := range b.Alarms {
		alarms = append(alarms, etcd.AlarmText(a.Kind, etcd.ID(a.Member)))
	}
	return alarms
}

func onDisk(s *datadir.State, image string) *recovery.OnDisk {
	self := s.Log.MemberID
	out := &recovery.OnDisk{
		ClusterID:       etcd.ID(s.Log.ClusterID),
		MemberID:        etcd.ID(self),
		Term:            s.Log.Term,
		Commit:          s.Log.Commit,
		ConsistentIndex: s.Backend.ConsistentIndex,
		FirstIndex:      s.Log.FirstIndex,
		LastIndex:       s.Log.LastIndex,
		LastTerm:        s.Log.LastTerm,
		Terms:           s.Log.Terms,
		Revision:        s.Backend.Revision,
		StorageVersion:  s.Backend.StorageVersion,
		ClusterVersion:  s.Backend.ClusterVersion,
		Torn:            s.Log.Torn,
		Unchecked:       s.Log.Unchecked,
	}
	applied := s.Backend.ConsistentIndex
	voter, learner := s.Backend.Voter(self), s.Backend.Learner(self)
	if kind, changed := s.Log.LastChange(self, applied, out.Kept(image)); changed { // and was not applied yet
		voter, learner = kind == datadir.AddVoter, kind == datadir.AddLearner
	}
	out.Learner, out.Removed = learner, !voter && !learner && len(s.Backend.Members) > 0
	least, most := s.Log.Writes(applied, out.Kept(image))
	out.KeptLeast, out.KeptRevision = s.Backend.Revision+least, s.Backend.Revision+most
	_, most = s.Log.Writes(applied, s.Log.LastIndex)
	out.LastRevision = s.Backend.Revision + most
	var members []uint64
	for _, m := range s.Backend.Members {
		if members = append(members, m.ID); m.ID == self {
			out.Name = m.Name
		}
		if s.Backend.Voter(m.ID) || s.Backend.Learner(m.ID) {
			out.Members = append(
				out.Members,
				etcd.Member{ID: etcd.ID(m.ID), Name: m.Name, PeerURLs: m.PeerURLs, Learner: s.Backend.Learner(m.ID)},
			)
		}
	}
	for _, id := range s.Log.Added(append(members, s.Backend.Removed...), applied, out.Kept(image)) {
		out.Added = append(out.Added, etcd.ID(id))
	}
	others, gone := 0, 0
	for _, m := range out.Members {
		if uint64(m.ID) == self || m.Learner { // a learner may survive a forced start
			continue
		}
		kind, changed := s.Log.LastChange(uint64(m.ID), applied, s.Log.LastIndex)
		if others++; changed && kind == datadir.RemoveMember {
			gone++
		}
	}
	out.Rewritten = others > 0 && gone == others
	for _, id := range s.Backend.Removed {
		out.RemovedMembers = append(out.RemovedMembers, etcd.ID(id))
	}
	return out
}
