package planner

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// peer is a member at the address of that number.
func peer(id etcd.ID, name, address string) etcd.Member {
	return etcd.Member{ID: id, Name: name, PeerURLs: []string{"https://" + address + ":2380"}}
}

func three() []etcd.Member {
	return []etcd.Member{peer(1, "m1", "10.0.0.11"), peer(2, "m2", "10.0.0.12"), peer(3, "m3", "10.0.0.13")}
}

// at is a node whose manifest makes that member.
func at(e recovery.Evidence, m etcd.Member) recovery.Evidence {
	e.Name, e.MemberName, e.PeerURLs = m.Name, m.Name, m.PeerURLs
	e.Kubelet, e.FreeBytes, e.ManifestPath = recovery.Kubelet{
		Running: true,
	}, 1<<40, "/etc/kubernetes/manifests/etcd.yaml"
	e.Manifest = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: etcd\n  namespace: kube-system\nspec:\n" +
		"  containers:\n  - name: etcd\n    image: " + fixed + "\n    command:\n    - etcd\n" +
		"    - --name=" + m.Name + "\n" +
		"    - --initial-advertise-peer-urls=" + m.PeerURLs[0] + "\n    - --data-dir=/d\n"
	if e.Status != nil {
		e.Status.MemberID = m.ID
	}
	if e.Disk != nil && e.Disk.MemberID == 0 {
		e.Disk.MemberID = m.ID
	}
	return e
}

// disk is a stopped member's data that goes up to an entry, each of which is a revision.
func disk(cluster etcd.ID, entry uint64, members ...etcd.Member) recovery.Evidence {
	return stopped(recovery.OnDisk{
		ClusterID: cluster, Commit: entry, ConsistentIndex: entry, Members: members,
		KeptRevision: int64(entry), Revision: int64(entry),
	})
}

// unmounted is a node whose data folder is empty, and should be a mount.
func unmounted() recovery.Evidence {
	return with(empty(), func(e *recovery.Evidence) { e.Empty, e.Unknown.Data = false, "/d is not mounted" })
}

// quorum is a member that answers in a cluster.
func quorum(cluster etcd.ID, entry uint64, members ...etcd.Member) recovery.Evidence {
	e := alone(entry, nil)
	e.Status.ClusterID, e.Status.Leader = cluster, 1
	e.Quorum, e.Members = true, members
	return e
}

// surveyed completes evidence as a survey does, with the cluster that answers.
func surveyed(nodes ...recovery.Evidence) recovery.Survey {
	var live *recovery.Live
	for _, e := range nodes {
		if e.Quorum && (live == nil || len(e.Members) > len(live.Members)) {
			live = &recovery.Live{
				ClusterID: e.Status.ClusterID,
				Members:   e.Members,
				Commit:    e.Status.RaftIndex,
				Revision:  e.Status.Revision,
			}
		}
	}
	for i := range nodes {
		nodes[i].Live = live
	}
	return nodes
}

func begunAt(id, node string, phase recovery.Phase) recovery.Journal {
	return recovery.Journal{
		Operation: recovery.OperationSeed, ID: id, Master: node, Started: time.Unix(0, 0), Phase: phase,
	}
}

// TestSituations are cases in which a wrong answer loses data or stops a cluster that lives.
func TestSituations(t *testing.T) {
	m := three()
	m1, m2, m3 := m[0], m[1], m[2]
	begun := func(e recovery.Evidence, phase recovery.Phase) recovery.Evidence {
		e.Journals = append(e.Journals, begunAt("X", e.Name, phase))
		return e
	}
	for _, c := range []struct {
		name string
		s    recovery.Survey
		req  SeedRequest
		code recovery.Code // "" where it is planned
		says string
		seed string // m1 where it is not said
	}{
		{
			name: "resumed after the forced start, and the others were joined by hand",
			s: surveyed(
				begun(at(quorum(7, 20, m...), m1), recovery.PhaseForced),
				at(quorum(7, 20, m...), m2),
				at(quorum(7, 20, m...), m3),
			),
			req:  SeedRequest{RecoveryID: "X"},
			code: recovery.CodeClusterAlive,
			says: "a cluster of 3 members answers on m1",
		},
		{
			name: "the same, with the flag in the folder",
			s: surveyed(
				with(
					begun(at(quorum(7, 20, m...), m1), recovery.PhaseForced),
					func(e *recovery.Evidence) { e.ForceFlag = "/etc/kubernetes/manifests/etcd.yaml" },
				),
				at(quorum(7, 20, m...), m2),
				at(quorum(7, 20, m...), m3),
			),
			req:  SeedRequest{RecoveryID: "X"},
			code: recovery.CodeClusterAlive,
			says: "/etc/kubernetes/manifests/etcd.yaml on m1 has the force-new-cluster flag",
		},
		{
			name: "resumed after the forced start, which serves alone",
			s: surveyed(
				begun(at(quorum(7, 20, m1), m1), recovery.PhaseForced), at(empty(), m2), at(empty(), m3),
			),
			req: SeedRequest{RecoveryID: "X"},
		},
		{
			name: "begun on one node, and another one was forced by hand",
			s: surveyed(
				begun(at(disk(7, 20, m...), m1), recovery.PhaseBegun), at(quorum(7, 30, m2), m2), at(empty(), m3),
			),
			req:  SeedRequest{RecoveryID: "X"},
			code: recovery.CodeClusterAlive,
		},
		{
			name: "the same, and it has less",
			s: surveyed(
				begun(at(disk(7, 30, m...), m1), recovery.PhaseBegun), at(quorum(7, 20, m2), m2), at(empty(), m3),
			),
			req:  SeedRequest{RecoveryID: "X"},
			code: recovery.CodeClusterBehind,
			says: "data on m1 that it never had",
		},
		{
			name: "the same after the forced start",
			s: surveyed(
				begun(at(disk(7, 30, m1), m1), recovery.PhaseForced),
				at(quorum(7, 20, m2), m2),
				at(empty(), m3),
			),
			req:  SeedRequest{RecoveryID: "X"},
			code: recovery.CodeClusterBehind,
			says: "data on m1 that it never had",
		},
		{
			name: "a wiped node has founded a cluster, and the survivor has the longer history",
			s: surveyed(
				at(disk(7, 800_000, m...), m1), at(quorum(8, 2_000, peer(22, "m2", "10.0.0.12")), m2), at(empty(), m3),
			),
			req:  SeedRequest{RecoveryID: "X"},
			code: recovery.CodeClusterBehind,
			says: "data on m1 that it never had",
		},
		{
			name: "the same, with the survivor named",
			s: surveyed(
				at(disk(7, 800_000, m...), m1), at(quorum(8, 2_000, peer(22, "m2", "10.0.0.12")), m2), at(empty(), m3),
			),
			req:  SeedRequest{RecoveryID: "X", Node: "m1"},
			code: recovery.CodeClusterBehind,
		},
		{
			name: "the cluster was restored on another node and has outgrown what is left of the old one",
			s: surveyed(
				at(disk(7, 2_000, m...), m1), at(quorum(8, 800_000, peer(22, "m2", "10.0.0.12")), m2), at(empty(), m3),
			),
			req:  SeedRequest{RecoveryID: "X", Node: "m1"},
			code: recovery.CodeClusterAlive,
		},
		{
			name: "a stopped node has the longer history of another cluster",
			s: surveyed(
				at(disk(7, 20, m...), m1),
				at(disk(8, 4_000, peer(22, "m2", "10.0.0.12")), peer(22, "m2", "10.0.0.12")),
				at(empty(), m3),
			),
			req:  SeedRequest{RecoveryID: "X", Node: "m1"},
			code: recovery.CodeOthersHaveMore,
			says: "m2 (at revision 4000) has the longer history of another cluster",
		},
		{
			name: "the same, accepted by name",
			s: surveyed(
				at(disk(7, 20, m...), m1),
				at(disk(8, 4_000, peer(22, "m2", "10.0.0.12")), peer(22, "m2", "10.0.0.12")),
				at(empty(), m3),
			),
			req: SeedRequest{RecoveryID: "X", Node: "m1", Less: []string{"m2"}},
		},
		{
			name: "rebuilt under the same names at new addresses, the old machines not accounted for",
			s: surveyed(
				at(disk(7, 20, m...), m1),
				at(empty(), peer(0, "m2", "10.0.1.12")),
				at(empty(), peer(0, "m3", "10.0.1.13")),
			),
			req:  SeedRequest{RecoveryID: "X"},
			code: recovery.CodeMemberNotSurveyed,
			says: `lost_nodes = ["https://10.0.0.12:2380", "https://10.0.0.13:2380"]`,
		},
		{
			name: "the same, given up by their addresses",
			s: surveyed(
				at(disk(7, 20, m...), m1),
				at(empty(), peer(0, "m2", "10.0.1.12")),
				at(empty(), peer(0, "m3", "10.0.1.13")),
			),
			req: SeedRequest{
				RecoveryID: "X", Lost: []string{"https://10.0.0.12:2380", "https://10.0.0.13:2380"},
			},
		},
		{
			name: "shrunk from five to three, and an old list is met first",
			s: surveyed(
				at(with(alone(10, nil), func(e *recovery.Evidence) {
					e.Members = append(slices.Clone(m), peer(4, "m4", "10.0.0.14"), peer(5, "m5", "10.0.0.15"))
				}), m1),
				at(with(disk(7, 90, m...), func(e *recovery.Evidence) {
					e.Disk.RemovedMembers = []etcd.ID{4, 5}
				}), m2),
				at(empty(), m3),
			),
			req:  SeedRequest{RecoveryID: "X"},
			code: recovery.CodeClusterStartable,
			says: "2 of 3 voters (m1, m2)",
		},
		{
			name: "grown by hand from one that was forced, and the old list goes further",
			s: surveyed(
				at(with(alone(10, nil), func(e *recovery.Evidence) {
					e.Members = []etcd.Member{m3, peer(9, "m1", "10.0.0.11")}
				}), m3),
				at(with(disk(7, 12, m3, peer(9, "m1", "10.0.0.11")), func(e *recovery.Evidence) {
					e.Disk.MemberID, e.Disk.RemovedMembers = 9, []etcd.ID{1, 2}
				}), m1),
				at(disk(7, 90, m...), m2),
			),
			req:  SeedRequest{RecoveryID: "X", Node: "m1", Less: []string{"m2"}},
			code: recovery.CodeClusterStartable,
			says: "2 of 2 voters",
		},
		{
			name: "grown from three to five, and an old list is met first",
			s: surveyed(
				at(with(alone(10, nil), func(e *recovery.Evidence) { e.Members = m }), m1),
				at(disk(7, 90, append(slices.Clone(m), peer(4, "m4", "10.0.0.14"), peer(5, "m5", "10.0.0.15"))...), m2),
				at(empty(), m3),
				at(empty(), peer(0, "m4", "10.0.0.14")),
				at(empty(), peer(0, "m5", "10.0.0.15")),
			),
			req:  SeedRequest{RecoveryID: "X"},
			seed: "m2",
		},
		{
			name: "a disk that is not mounted on two nodes",
			s: surveyed(
				at(disk(7, 20, m...), m1),
				at(unmounted(), m2),
				at(unmounted(), m3),
			),
			req:  SeedRequest{RecoveryID: "X", Node: "m1"},
			code: recovery.CodeDataUnknown,
			says: "m2: /d is not mounted",
		},
		{
			name: "two run and cannot elect each other, and the disk of the third is not mounted",
			s: surveyed(
				at(with(alone(20, &recovery.Tail{Index: 20, Term: 2}), func(e *recovery.Evidence) {
					e.Members = m
				}), m1),
				at(unmounted(), m2),
				at(with(alone(19, &recovery.Tail{Index: 21, Term: 2}), func(e *recovery.Evidence) {
					e.Members = []etcd.Member{m1, m2, peer(9, "m3", "10.0.0.13")} // it has not applied its own addition
				}), m3),
			),
			req:  SeedRequest{RecoveryID: "X", Node: "m1", Less: []string{"m2", "m3"}},
			code: recovery.CodeDataUnknown,
			says: "m1, m3 run and can elect no leader among themselves; what m2 has is not known",
		},
		{
			name: "one snapshot was restored on each node by itself",
			s: surveyed(
				at(quorum(7, 7, peer(1, "m1", "10.0.0.11")), peer(1, "m1", "10.0.0.11")),
				at(quorum(7, 12, peer(1, "m2", "10.0.0.12")), peer(1, "m2", "10.0.0.12")),
				at(quorum(7, 17, peer(1, "m3", "10.0.0.13")), peer(1, "m3", "10.0.0.13")),
			),
			req:  SeedRequest{RecoveryID: "X"},
			code: recovery.CodeMemberTwice,
			says: "m1 and m2 both have the data of member",
		},
		{
			name: "another recovery has begun a forced start and cannot be finished",
			s: surveyed(
				begun(at(disk(7, 30, m1), m1), recovery.PhaseForcing), at(disk(7, 20, m...), m2), at(empty(), m3),
			),
			req:  SeedRequest{RecoveryID: "Y", Node: "m2"},
			code: recovery.CodeOtherUnfinished,
			says: `abandon = ["X"]`,
		},
		{
			name: "asks for a password",
			s: surveyed(
				at(with(alone(9, nil), func(e *recovery.Evidence) { e.Auth = true }), m1),
				at(empty(), m2),
				at(empty(), m3),
			),
			req:  SeedRequest{RecoveryID: "X"},
			code: recovery.CodeAuthEnabled,
		},
		{
			name: "the seed runs and does not take the client certificate",
			s: surveyed(
				at(with(disk(7, 20, m...), func(e *recovery.Evidence) {
					e.Running, e.Unknown.Status = true, "remote error: tls: bad certificate"
				}), m1),
				at(empty(), m2),
				at(empty(), m3),
			),
			req:  SeedRequest{RecoveryID: "X"},
			code: recovery.CodeSeedDeniesClient,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := DecideSeed(c.s, c.req)
			if recovery.CodeOf(err) != c.code || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("code %q, want %q: %v", recovery.CodeOf(err), c.code, err)
			}
			if err == nil && p.Node != cmp.Or(c.seed, "m1") {
				t.Errorf("the seed is %s", p.Node)
			}
		})
	}
}

// TestJoinSituations are the same for a node that is to join.
func TestJoinSituations(t *testing.T) {
	m := three()
	live := at(quorum(8, 2_000, peer(22, "m2", "10.0.0.12")), peer(22, "m2", "10.0.0.12"))
	for _, c := range []struct {
		name string
		e    recovery.Evidence
		live recovery.Evidence
		code recovery.Code
		join []manifest.Member // as the plan of the seed foretells it
	}{
		{"the longer history of another cluster", disk(7, 800_000, m...), live, recovery.CodeClusterBehind, nil},
		{"the shorter history of another cluster", disk(7, 1_000, m...), live, "", nil},
		{
			"a disk that is not mounted",
			unmounted(),
			live,
			recovery.CodeDataUnknown,
			nil,
		},
		{
			"a member that is recorded at a loopback address",
			empty(),
			at(quorum(8, 2_000, peer(22, "m2", "localhost")), peer(22, "m2", "localhost")),
			recovery.CodePeersOutOfReach,
			nil,
		},
		{
			"members that it does not reach",
			with(empty(), func(e *recovery.Evidence) { e.Peers = []recovery.Peer{{URL: "https://10.0.0.12:2380"}} }),
			live,
			recovery.CodePeersOutOfReach,
			nil,
		},
		{
			"the seed at an address that its recovery corrects",
			with(empty(), func(e *recovery.Evidence) { e.Peers = []recovery.Peer{{URL: "https://10.0.0.12:2380"}} }),
			live,
			"",
			[]manifest.Member{{Name: "m2", PeerURLs: []string{"https://10.0.0.22:2380"}}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := surveyed(at(c.e, m[0]), c.live)
			_, err := DecideMember(s[0], recovery.Cluster{ID: "8", Members: c.join}, false)
			if recovery.CodeOf(err) != c.code {
				t.Errorf("got %v", err)
			}
		})
	}
}
