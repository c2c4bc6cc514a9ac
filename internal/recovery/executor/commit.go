package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// judgeStopped looks at the disk of the stopped seed. Its etcd may be one that goes by the commit index in its log
// alone when it is forced: that index is behind the database where etcd was killed, also a while ago, and an etcd that
// runs without a leader commits nothing, so an orderly stop does not write it down either. Or nothing of its data was
// known before it was stopped: who its members are, and whether a forced start takes it.
func (s *seeding) judgeStopped(ctx context.Context) error {
	seed := s.seed.ev
	forgets, unread := planner.ForgetsCommit(seed, seed.Disk), seed.Disk == nil && seed.Status == nil
	if !forgets && !unread {
		return nil
	}
	disk, err := s.readStopped(ctx, s.seed.Node, seed)
	switch {
	case unread && (err == nil || errors.Is(err, datadir.ErrDamaged)):
		if err := s.decideAgain(ctx, disk, err); err != nil {
			return err
		}
	case err != nil && forgets:
		return fmt.Errorf(
			"whether the log of the stopped etcd on %s has all that its database has is not known, and a forced start "+
				"with %s would forget the difference (etcd-io/etcd#14009): %w",
			seed.Name,
			seed.Image,
			err,
		)
	case err != nil:
		return nil //nolint:nilerr // the plan has said that the data could not be read
	}
	return planner.CommitBehind(seed, disk)
}

// decideAgain holds what is on the seed's disk against the nodes as they are now: all of them are stopped. Its members
// are asked for from there, as they are at the plan where the disk is read by then.
func (s *seeding) decideAgain(ctx context.Context, disk *recovery.OnDisk, damage error) error {
	seed := s.seed.ev
	seed.Status, seed.Members, seed.Disk = nil, nil, disk
	if damage != nil {
		seed.Damage = damage.Error()
	} else if recovery.TooNew(disk.StorageVersion, disk.ClusterVersion, seed.Image) {
		seed.TooNew = "the data was written by a later etcd"
	}
	unasked := survey.LookAtPeers(ctx, &seed, s.seed.Node)
	var all recovery.Survey
	for _, m := range s.masters {
		ev := m.ev
		ev.Peers = nil // they were asked while these still ran, and are asked again before the flag goes in
		if m == s.seed {
			ev = seed
		}
		ev.Running, ev.Parked = false, m.parkedAt()
		all = append(all, ev)
	}
	slices.SortFunc(all, func(a, b recovery.Evidence) int { return strings.Compare(a.Name, b.Name) })
	s.seed.ev.Peers = seed.Peers // for the last look before the flag
	request := s.plan.SeedRequest
	request.Node = s.plan.Node
	if err := planner.StoppedSeed(all, request); err != nil {
		return err
	}
	return unasked
}
