package executor

import (
	"context"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// ReadDisk reads a data folder on a master as that of a member that does not run.
func ReadDisk(ctx context.Context, n *node.Node, image, dir string) (recovery.Evidence, error) {
	e := recovery.Evidence{Name: n.Name, Reach: recovery.Reached, Image: image, DataDir: dir, Readable: true}
	paths := node.Paths{DataDir: dir}
	disk, err := n.Disk(ctx, paths, node.Runtime{})
	if err == nil {
		survey.ReadDisk(ctx, &e, n, paths, disk)
	}
	return e, err
}

// HolderOf and Abandoned are of locks.
var (
	HolderOf  = holderOf
	Abandoned = abandoned
)
