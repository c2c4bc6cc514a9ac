package executor

import (
	"context"
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
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
	case err != nil && forgets:
		return fmt.Errorf(
			"whether the log of the stopped etcd on %s has all that its database has is not known, and a forced start "+
				"with %s would forget the difference (etcd-io/etcd#14009): %w",
			seed.Name,
			seed.Image,
			err,
		)
	case err == nil && unread:
		if err := planner.AccountsFor(s.plan, disk); err != nil {
			return err
		}
	}
	if err != nil {
		return nil //nolint:nilerr // the plan has said that the data could not be read
	}
	return planner.CommitBehind(seed, disk)
}
