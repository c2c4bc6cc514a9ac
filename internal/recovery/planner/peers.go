package planner

import (
	"fmt"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// SeenElsewhere are members whose etcd one of the nodes reaches, and which cannot be examined from here, with how.
func SeenElsewhere(all recovery.Survey) []string {
	elsewhere, atNode := seenElsewhere(all)
	return append(elsewhere, atNode...)
}

// seenElsewhere tells those at addresses of nobody that was examined from those at a node's. What answers at a node's
// URL is that node's etcd only where one runs there: else another machine has the address, or an etcd runs there that
// is no pod.
func seenElsewhere(all recovery.Survey) (elsewhere, atNode []string) {
	for _, e := range all {
		for _, p := range e.Peers {
			if !p.Answers {
				continue
			}
			var at []string
			runs := false
			for _, o := range all {
				if o.Reach == recovery.Reached && (slices.Contains(o.PeerURLs, p.URL) ||
					o.MemberName == "" && atAddress(o, hostOf(p.URL))) {
					at, runs = append(at, o.Name), runs || o.Running || startsAgain(o)
				}
			}
			switch {
			case runs:
			case len(at) > 0:
				atNode = append(atNode, reaches(e.Name, p)+isWithoutEtcd(at))
			default:
				elsewhere = append(elsewhere, reaches(e.Name, p))
			}
		}
	}
	return elsewhere, atNode
}

// startsAgain reports whether the kubelet has etcd's manifest: a wiped etcd is started again and again, and takes
// connections each time until it ends.
func startsAgain(e recovery.Evidence) bool {
	return e.Manifest != "" && e.Parked == "" && e.Kubelet.Running
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
