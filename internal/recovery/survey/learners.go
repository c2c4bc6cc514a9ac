package survey

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// readLearners reads from the disks of running learners which members they know of. A learner lists none ("rpc not
// supported for learner", etcd's server/etcdserver/api/v3rpc/interceptor.go), and can be the only one that has heard of
// a voter. Where a cluster answers, that one lists them.
func readLearners(ctx context.Context, s recovery.Survey, nodes map[string]*node.Node) {
	faults := make([]error, len(s))
	var reading sync.WaitGroup
	for i := range s {
		e := &s[i]
		if e.Status == nil || !e.Status.Learner || len(e.Members) > 0 {
			continue
		}
		reading.Go(func() {
			faults[i] = recovery.Caught(e.Name, func() error { readLearner(ctx, e, nodes[e.Name]); return nil })
		})
	}
	reading.Wait()
	_ = recovery.Raise(cmp.Or(faults...))
}

func readLearner(ctx context.Context, e *recovery.Evidence, n *node.Node) {
	disk, err := ReadStopped(ctx, n, *e)
	if err != nil {
		e.Warnings = append(e.Warnings, fmt.Sprintf(
			"etcd runs on %s as a learner, and which members it knows of could not be read from %s: %v",
			e.Name,
			e.DataDir,
			err,
		))
		return
	}
	if disk.ClusterID != e.Status.ClusterID || disk.MemberID != e.Status.MemberID {
		e.Warnings = append(e.Warnings, fmt.Sprintf(
			"etcd runs on %s as the learner %s, and the data in %s is that of member %s: it began with other data",
			e.Name,
			e.Status.MemberID,
			e.DataDir,
			disk.MemberID,
		))
		return
	}
	e.Members, e.Removed = disk.Members, disk.RemovedMembers
	lookAtPeers(ctx, e, n)
}
