package planner

import (
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// CommitBehind refuses data of which a forced start would forget a part in the log and keep it in the database.
func CommitBehind(seed recovery.Evidence, disk *recovery.OnDisk) error {
	if !ForgetsCommit(seed, disk) || disk.Commit >= disk.ConsistentIndex {
		return nil
	}
	return &recovery.Refusal{
		Code:  recovery.CodeCommitBehind,
		Title: "The Seed's Log Is Behind Its Database",
		Found: fmt.Sprintf(
			"etcd is stopped on %s, its log says that the entries up to %d are committed, and its database has those "+
				"up to %d, as after a crash or a power loss. A forced start with %s forgets the difference, and "+
				"members that join would have other data than the seed (etcd-io/etcd#14009).",
			seed.Name,
			disk.Commit,
			disk.ConsistentIndex,
			seed.Image,
		),
		Next: fmt.Sprintf(
			"to start and stop etcd again does not change that. Put the image of an etcd that forgets nothing into %s "+
				"on %s (3.5.22 or a later 3.5 for data of 3.4 and 3.5, 3.6.1 or a later 3.6 for data of 3.6), wait "+
				"until etcd runs with it, then plan again.",
			seed.ManifestPath,
			seed.Name,
		),
	}
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
