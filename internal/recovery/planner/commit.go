package planner

import (
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// CommitBehind refuses data of which a forced start would forget a part in the log and keep it in the database.
func CommitBehind(seed recovery.Evidence, disk *recovery.OnDisk) error {
	if !ForgetsCommit(seed, disk) || disk.Commit >= disk.ConsistentIndex {
		return nil
	}
	return commitIsBehind(seed, disk)
}

// ForgetsCommit reports whether the etcd that is forced may be one that forgets: that of the image, or the one that ran
// before, whichever is the older.
func ForgetsCommit(seed recovery.Evidence, disk *recovery.OnDisk) bool {
	v := seed.Version()
	if tag := recovery.VersionOf(seed.Image); tag != nil && tag.LessThan(*v) {
		v = tag
	}
	return recovery.ForgetsCommit(recovery.Oldest(v, disk))
}
