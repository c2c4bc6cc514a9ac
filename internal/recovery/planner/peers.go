package planner

import (
	"fmt"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// SeenElsewhere are members whose etcd one of the nodes reaches, and which cannot be examined from here, with how. What
// answers at a node's URL is that node's etcd only where one runs there: else another machine has the address, or an
// etcd runs there that is no pod.
func SeenElsewhere(all recovery.Survey) []string {
	var seen []string
	for _, e := range all {
		for _, p := range e.Peers {
			if !p.Answers {
				continue
			}
			at := slices.IndexFunc(all, func(o recovery.Evidence) bool {
				return o.Reach == recovery.Reached && (slices.Contains(o.PeerURLs, p.URL) ||
					o.MemberName == "" && atAddress(o, hostOf(p.URL)))
			})
			if at >= 0 && all[at].Running {
				continue
			}
			text := fmt.Sprintf("%s reaches the etcd of %s at %s", e.Name, peerName(p), p.URL)
			if at >= 0 {
				text += fmt.Sprintf(" (node %s, on which no etcd was running)", all[at].Name)
			}
			seen = append(seen, text)
		}
	}
	return seen
}

func peerName(p recovery.Peer) string {
	if p.Name == "" {
		return "a member"
	}
	return p.Name
}

// cutOff are the peers that a running member without a leader does not reach, with their URLs.
func cutOff(e recovery.Evidence) []string {
	var missing []string
	for _, p := range e.Peers {
		if !p.Answers {
			missing = append(missing, fmt.Sprintf("%s (%s)", peerName(p), p.URL))
		}
	}
	return missing
}
