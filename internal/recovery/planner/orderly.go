package planner

import (
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// checkOrderly refuses to force a seed of such a version that does not run: only one that runs can be stopped in an
// orderly way. A manifest that is parked was taken out by a recovery, which stops etcd so.
func checkOrderly(seed recovery.Evidence) error {
	if !seed.Running && seed.Disk != nil {
		if err := CommitBehind(seed, seed.Disk); err != nil {
			return err
		}
	}
	if seed.Running || seed.Parked != "" || !recovery.ForgetsCommit(recovery.Oldest(seed.Version(), seed.Disk)) {
		return nil
	}
	return mustRunFirst(seed)
}
