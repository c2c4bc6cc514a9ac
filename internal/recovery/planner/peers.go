package planner

import (
	"fmt"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// SeenElsewhere are members that cannot be examined from here, and whose etcd one of the masters reaches, with how.
func SeenElsewhere(all recovery.Survey) []string {
	var seen []string
	for _, e := range all {
		for _, p := range e.Peers {
			examined := slices.ContainsFunc(all, func(o recovery.Evidence) bool {
				return o.Reach == recovery.Reached && (slices.Contains(o.PeerURLs, p.URL) ||
					o.MemberName == "" && atAddress(o, hostOf(p.URL)))
			})
			if p.Answers && !examined {
				seen = append(seen, fmt.Sprintf("%s reaches the etcd of %s at %s", e.Name, peerName(p), p.URL))
			}
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
