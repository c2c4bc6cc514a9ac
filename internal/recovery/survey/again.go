package survey

import (
	"context"
	"slices"
	"sync"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// surpassed reports whether a node has more than the cluster that answers, of which it has the ID. Nodes are read at
// different moments, and a cluster that is written to may only have been asked too early to say so much.
func surpassed(s recovery.Survey, live *recovery.Live) bool {
	return live != nil && slices.ContainsFunc(s, func(e recovery.Evidence) bool {
		switch p, known := e.Progress(); {
		case e.Quorum || !known || p.Cluster != live.ClusterID:
			return false
		default:
			return p.Kept > live.Commit || p.LastTerm > live.Term || p.KeptLeast > live.Revision
		}
	})
}

// askAgain has the members of a quorum say how far they are, when all disks were read. What a disk had before that, and
// they do not have now, they never had: neither index, term nor revision goes back.
func askAgain(ctx context.Context, s recovery.Survey, nodes map[string]*node.Node) {
	ctx, cancel := context.WithTimeout(ctx, statusWait)
	defer cancel()
	var wg sync.WaitGroup
	for i := range s {
		e := &s[i]
		if !e.Quorum || e.Status == nil {
			continue
		}
		wg.Go(func() {
			client, err := OpenEtcd(ctx, nodes[e.Name], *e)
			if err != nil {
				return // it stays what it said before
			}
			defer func() { _ = client.Close() }()
			if client.Quorum(ctx) != nil { // which a member answers when it has all that was committed before
				return
			}
			if status, err := client.Status(ctx); err == nil && status.MemberID == e.Status.MemberID {
				e.Status = &status
			}
		})
	}
	wg.Wait()
}
