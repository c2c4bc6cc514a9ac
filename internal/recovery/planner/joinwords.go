package planner

import (
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

func joinerUnreachable(e recovery.Evidence) error {
	return &recovery.Refusal{
		Code:      recovery.CodeUnreachable,
		Title:     "The Master Does Not Answer",
		Attribute: "node",
		Found:     fmt.Sprintf("%s: %s.", e.Name, e.ReachError),
		Next:      fmt.Sprintf("bring %s back, or leave its etcdrecovery_member out of this apply.", e.Name),
	}
}

func joinerUnknown(e recovery.Evidence) error {
	why, how := unknown(e)
	return &recovery.Refusal{
		Code:      recovery.CodeDataUnknown,
		Title:     "It Is Not Known What a Node Has",
		Attribute: "node",
		Found:     fmt.Sprintf("%s: %s.", e.Name, why),
		Next:      how + ". Then plan again.",
	}
}

func recordedAtLoopback(e recovery.Evidence, member, url string) error {
	return &recovery.Refusal{
		Code:      recovery.CodePeersOutOfReach,
		Title:     "A Member Is Recorded at a Loopback Address",
		Attribute: "join",
		Found: fmt.Sprintf(
			"the cluster has its member %s at %s, where only that master itself finds it: %s could not join.",
			member,
			url,
			e.Name,
		),
		Next: fmt.Sprintf(
			"give that member the address of its master (etcdctl member list; etcdctl member update ID "+
				"--peer-urls=https://ADDRESS-OF-%s:2380), then plan again.",
			member,
		),
	}
}

func peersOutOfReach(e recovery.Evidence) error {
	var urls []string
	for _, p := range e.Peers {
		urls = append(urls, p.URL)
	}
	return &recovery.Refusal{
		Code:      recovery.CodePeersOutOfReach,
		Title:     "The Cluster's Members Are Out of Reach",
		Attribute: "join",
		Found:     fmt.Sprintf("%s reaches none of the cluster's members at %s.", e.Name, recovery.Words(urls)),
		Next: "put the network between the masters right (a firewall? port 2380), or the recorded addresses " +
			"(etcdctl member list; etcdctl member update ID --peer-urls=…), then plan again.",
	}
}
