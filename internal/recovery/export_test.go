package recovery

import (
	"context"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// ReadDisk reads a data folder on a master as that of a member that does not run.
func ReadDisk(ctx context.Context, n *node.Node, image, dir string) (Evidence, error) {
	e := Evidence{Name: n.Name, Reach: Reached, Image: image, DataDir: dir, Readable: true}
	paths := node.Paths{DataDir: dir}
	disk, err := n.Disk(ctx, paths, node.Runtime{})
	if err == nil {
		e.readDisk(ctx, n, paths, disk)
	}
	return e, err
}

// HolderOf and Abandoned are of locks.
var (
	HolderOf  = holderOf
	Abandoned = abandoned
)
