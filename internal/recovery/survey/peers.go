package survey

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"sync"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// lookAtPeers asks a master which of the members that it knows it reaches: from there some may be, that are not from
// here. On a member that has a quorum there is nothing to find out.
func lookAtPeers(ctx context.Context, e *recovery.Evidence, n *node.Node) {
	if e.Quorum {
		return
	}
	known := e.KnownMembers()
	if len(known) <= 1 { // itself, as after a forced start, or nobody: then what the manifest remembers
		known = append(slices.Clone(known), e.InitialCluster()...)
	}
	for _, m := range known {
		for _, u := range m.PeerURLs {
			if slices.Contains(e.PeerURLs, u) || e.IsMember(m) && !elsewhere(e, u) {
				continue
			}
			if !slices.ContainsFunc(e.Peers, func(p recovery.Peer) bool { return p.URL == u }) {
				e.Peers = append(e.Peers, recovery.Peer{Name: m.Label(), URL: u})
			}
		}
	}
	e.Peers = AskPeers(ctx, n, e.Peers)
}

// elsewhere reports whether a URL is sure to be none of the node's own: its member may be recorded at an address that
// another machine has now.
func elsewhere(e *recovery.Evidence, text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && !ip.IsLoopback() && !ip.IsUnspecified() && len(e.Addresses) > 0 &&
		!slices.Contains(e.Addresses, ip.Unmap().String())
}

// lookFromOutside asks the nodes that are not in the quorum of a living cluster which of its members they reach, as
// they will have to when they join: at the URLs that the cluster has recorded, whatever a node itself remembers.
func lookFromOutside(ctx context.Context, s recovery.Survey, nodes map[string]*node.Node, live *recovery.Live) {
	if live == nil {
		return
	}
	var asking sync.WaitGroup
	for i := range s {
		e := &s[i]
		if e.Reach != recovery.Reached || e.Quorum {
			continue
		}
		var more []recovery.Peer
		for _, m := range live.Members {
			if recovery.SharesURL(e.PeerURLs, m.PeerURLs) { // a name alone may be that of a machine it has replaced
				continue
			}
			for _, u := range m.PeerURLs {
				is := func(p recovery.Peer) bool { return p.URL == u }
				if !slices.ContainsFunc(e.Peers, is) && !slices.ContainsFunc(more, is) {
					more = append(more, recovery.Peer{Name: m.Label(), URL: u})
				}
			}
		}
		asking.Go(func() { e.Peers = append(e.Peers, AskPeers(ctx, nodes[e.Name], more)...) })
	}
	asking.Wait()
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
