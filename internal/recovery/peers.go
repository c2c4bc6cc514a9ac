package recovery

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// lookAtPeers asks a master which of the other members it reaches: from there some may be, that are not from here.
// Where a quorum answers there is nothing to find out.
func (e *Evidence) lookAtPeers(ctx context.Context, n *node.Node) {
	if e.Quorum {
		return
	}
	known := e.Members
	if len(known) == 0 && e.Disk != nil {
		known = e.Disk.Members
	}
	if len(known) <= 1 { // itself, as after a forced start, or nobody: then what the manifest remembers
		known = append(slices.Clone(known), e.initialCluster()...)
	}
	for _, m := range known {
		if e.isMember(m) {
			continue
		}
		for _, u := range m.PeerURLs {
			if !slices.ContainsFunc(e.Peers, func(p Peer) bool { return p.URL == u }) {
				e.Peers = append(e.Peers, Peer{Name: m.Name, URL: u})
			}
		}
	}
	e.Peers = askPeers(ctx, n, e.Peers)
}

// askPeers asks a master once more which of these it reaches.
func askPeers(ctx context.Context, n *node.Node, peers []Peer) []Peer {
	peers = slices.Clone(peers)
	var asking sync.WaitGroup
	for i := range peers {
		asking.Go(func() { peers[i].Answers = etcd.PeerAnswers(ctx, n.DialContext, peers[i].URL) })
	}
	asking.Wait()
	return peers
}

// initialCluster are the members that the manifest names.
func (e Evidence) initialCluster() []etcd.Member {
	m, err := e.parse()
	if err != nil {
		return nil
	}
	var members []etcd.Member
	for _, entry := range strings.Split(m.InitialCluster(), ",") {
		if name, url, ok := strings.Cut(entry, "="); ok {
			members = append(members, etcd.Member{Name: name, PeerURLs: []string{url}})
		}
	}
	return members
}

// seenElsewhere are members that cannot be examined from here, and whose etcd one of the masters reaches, with how.
func seenElsewhere(all map[string]Evidence) []string {
	var seen []string
	for _, e := range sorted(all) {
		for _, p := range e.Peers {
			examined := slices.ContainsFunc(sorted(all), func(o Evidence) bool {
				return o.Reach == Reached && o.MemberName != "" &&
					o.isMember(etcd.Member{Name: p.Name, PeerURLs: []string{p.URL}})
			})
			if p.Answers && !examined {
				seen = append(seen, fmt.Sprintf("%s reaches the etcd of %s at %s", e.Name, p.name(), p.URL))
			}
		}
	}
	return seen
}

func (p Peer) name() string {
	if p.Name == "" {
		return "a member"
	}
	return p.Name
}

// cutOff are the peers that a running member without a leader does not reach, with their URLs.
func (e Evidence) cutOff() []string {
	var missing []string
	for _, p := range e.Peers {
		if !p.Answers {
			missing = append(missing, fmt.Sprintf("%s (%s)", p.name(), p.URL))
		}
	}
	return missing
}
