package executor

import (
	"context"
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// commitIsWritten looks at the disk of the stopped seed, whose etcd may be one that goes by the commit index in its log
// alone when it is forced. That index is behind the database where etcd was killed, also a while ago: an etcd that runs
// without a leader commits nothing, so an orderly stop does not write it down either.
func (s *seeding) commitIsWritten(ctx context.Context) error {
	seed := s.seed.ev
	if !planner.ForgetsCommit(seed, seed.Disk) {
		return nil
	}
	disk, err := s.readStopped(ctx, s.seed.Node, seed)
	if err != nil {
		return fmt.Errorf(
			"whether the log of the stopped etcd on %s has all that its database has is not known, and a forced start "+
				"with %s would forget the difference (etcd-io/etcd#14009): %w",
			seed.Name,
			seed.Image,
			err,
		)
	}
	return planner.CommitBehind(seed, disk)
}
