package survey

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// lookForStray looks for data on a node without an etcd manifest: in the usual folder, and where the journals on this
// node say that data was. What could not be looked at is not known to be empty.
func lookForStray(ctx context.Context, e *recovery.Evidence, n *node.Node, journals []recovery.Journal) {
	dirs := []string{node.DefaultDataDir}
	for _, j := range journals {
		if dir := dataDirOf(j.Places.Data); dir != "" && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	found, err := n.Stray(ctx, dirs...)
	if err != nil {
		e.Unknown.Data = err.Error()
		return
	}
	e.StrayData, e.Unknown.Data = found.Data, found.Unknown
}

// dataDirOf returns the data folder from the place where an operation kept its data: beside it, or in it where it is a
// mount point (disk.sh). It returns "" where the place does not tell.
func dataDirOf(kept string) string {
	dir, is := strings.CutSuffix(path.Dir(kept), ".etcdrecovery")
	dir = path.Clean(dir)
	if !is || !path.IsAbs(dir) || dir == "/" {
		return ""
	}
	return dir
}
