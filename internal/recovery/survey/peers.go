package survey

import (
	"context"
	"slices"
	"sync"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// lookAtPeers asks a master which of the other members it reaches: from there some may be, that are not from here.
// Where a quorum answers there is nothing to find out.
func lookAtPeers(ctx context.Context, e *recovery.Evidence, n *node.Node) {
	if e.Quorum {
		return
	}
	known := e.Members
	if len(known) == 0 && e.Disk != nil {
		known = e.Disk.Members
	}
	if len(known) <= 1 { // itself, as after a forced start, or nobody: then what the manifest remembers
		known = append(slices.Clone(known), e.InitialCluster()...)
	}
	for _, m := range known {
		if e.IsMember(m) {
			continue
		}
		for _, u := range m.PeerURLs {
			if !slices.ContainsFunc(e.Peers, func(p recovery.Peer) bool { return p.URL == u }) {
				e.Peers = append(e.Peers, recovery.Peer{Name: m.Name, URL: u})
			}
		}
	}
	e.Peers = AskPeers(ctx, n, e.Peers)
}

// AskPeers asks a master once more which of these it reaches.
func AskPeers(ctx context.Context, n *node.Node, peers []recovery.Peer) []recovery.Peer {
	peers = slices.Clone(peers)
	var asking sync.WaitGroup
	for i := range peers {
		asking.Go(func() { peers[i].Answers = etcd.PeerAnswers(ctx, n.DialContext, peers[i].URL) })
	}
	asking.Wait()
	return peers
}
