package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
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

// goesOnAfter says where a join goes on that was broken off, and where goes what it has left.
func goesOnAfter(e recovery.Evidence, begun *recovery.Journal) string {
	text := "the join of " + e.Name + " " + begun.HowFar()
	if left := e.Leftover(begun); !e.Running {
		text += leftover(e.DataDir, left.Data) + leftover(e.WALDir, left.WAL)
	}
	return text
}

// leftover says where goes what a join that was broken off has left in a folder.
func leftover(in, to string) string {
	if to == "" {
		return ""
	}
	return fmt.Sprintf("; what it has left in %s is kept at %s", in, to)
}

func notStarted(m etcd.Member) error {
	return &recovery.Refusal{
		Code:      recovery.CodeBehindAnotherJoin,
		Title:     "Another Member Has Not Started",
		Attribute: "join",
		Found: fmt.Sprintf(
			"member %s at %s was added to the cluster and has never started. Members join one at a time.",
			m.ID,
			strings.Join(m.PeerURLs, ","),
		),
		Next: fmt.Sprintf(
			"let its join finish first, or remove it if it is a left-over (etcdctl member remove %s), then plan again.",
			m.ID,
		),
	}
}

// placeTaken refuses a node whose manifest has the name of a member and another peer URL, or the other way round.
func placeTaken(e recovery.Evidence, m etcd.Member, byName bool) error {
	next := fmt.Sprintf(
		"if the manifest was copied from that master, put its --name right. If the machine is a new one in the place "+
			"of %s, remove the old member first (etcdctl member remove %s), then plan again.",
		m.Name,
		m.ID,
	)
	if byName {
		next = fmt.Sprintf(
			"put the manifest right if the address is wrong. If the master has a new address for good, remove its old "+
				"member first (etcdctl member remove %s), then plan again.",
			m.ID,
		)
	}
	if i := slices.IndexFunc(e.Peers, func(p recovery.Peer) bool {
		return p.Answers && slices.Contains(m.PeerURLs, p.URL)
	}); i >= 0 {
		next += fmt.Sprintf(
			" An etcd answers at %s: if that is the member, it works, and may be needed. Then give %s another --name, "+
				"with which it joins beside it, and remove the old member later.",
			e.Peers[i].URL,
			e.Name,
		)
	}
	return &recovery.Refusal{
		Code:      recovery.CodePlaceTaken,
		Title:     "Name and Peer URL Do Not Match",
		Attribute: "node",
		Found: fmt.Sprintf(
			"the manifest of %s says --name=%s and --initial-advertise-peer-urls=%s; the cluster has member %s (%s) "+
				"at %s.",
			e.Name,
			e.MemberName,
			strings.Join(e.PeerURLs, ","),
			m.Name,
			m.ID,
			strings.Join(m.PeerURLs, ","),
		),
		Next: next,
	}
}
