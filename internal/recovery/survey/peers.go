package survey

import (
	"context"
	"fmt"
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
	if err := LookAtPeers(ctx, e, n); err != nil {
		notAsked(e, err)
	}
}

// LookAtPeers is the same of a node whose data was read since. The error is that it could not be asked.
func LookAtPeers(ctx context.Context, e *recovery.Evidence, n *node.Node) (err error) {
	if e.Quorum {
		return nil
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
	e.Peers, err = AskPeers(ctx, n, e.Peers)
	return err
}

// notAsked makes it a problem that a node cannot ask for members: then it is not known who else is there.
func notAsked(e *recovery.Evidence, err error) {
	problem := fmt.Sprintf("which members %s reaches could not be asked there: %v; plan again", e.Name, err)
	if node.NoForwarding(err) {
		problem = forwardingProblem(err)
	}
	if e.Unknown.Peers = problem; !slices.Contains(e.Problems, problem) {
		e.Problems = append(e.Problems, problem)
	}
}

func forwardingProblem(err error) string {
	return err.Error() + ": allow it (AllowTcpForwarding local, PermitOpen any), then plan again"
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
		asking.Go(func() {
			asked, err := AskPeers(ctx, nodes[e.Name], more)
			if e.Peers = append(e.Peers, asked...); err != nil {
				notAsked(e, err)
			}
		})
	}
	asking.Wait()
}

// AskPeers asks a node which of these it reaches. The error is that it could not be asked: then silence proves nothing.
func AskPeers(ctx context.Context, n *node.Node, peers []recovery.Peer) ([]recovery.Peer, error) {
	peers = slices.Clone(peers)
	errs := make([]error, len(peers))
	var asking sync.WaitGroup
	for i := range peers {
		asking.Go(func() { peers[i].Answers, errs[i] = etcd.PeerAnswers(ctx, n.DialContext, peers[i].URL) })
	}
	asking.Wait()
	for _, err := range errs {
		if node.NotDialed(err) {
			return peers, err
		}
	}
	return peers, nil
}
