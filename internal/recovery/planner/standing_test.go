package planner

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestStanding has a node whose member is a2 of cluster c1, with what can be seen of both.
func TestStanding(t *testing.T) {
	const cluster, own = "c1", "a2"
	const url = "https://10.0.0.12:2380"
	live := func(ids ...etcd.ID) *recovery.Live {
		l := &recovery.Live{ClusterID: 0xc1}
		for _, id := range ids { // whatever the ID is, with this node's name and address
			l.Members = append(l.Members, etcd.Member{ID: id, Name: "m2", PeerURLs: []string{url}})
		}
		return l
	}
	base := recovery.Evidence{
		Name:       "m2",
		Reach:      recovery.Reached,
		Manifest:   "kind: Pod",
		MemberName: "m2",
		PeerURLs:   []string{url},
		DataDir:    "/d",
		Readable:   true,
		Disk:       &recovery.OnDisk{ClusterID: 0xc1, MemberID: 0xa2},
	}
	serving := with(base, func(e *recovery.Evidence) {
		e.Disk, e.Running, e.Quorum = nil, true, true
		e.Status = &etcd.Status{ClusterID: 0xc1, MemberID: 0xa2, Leader: 0xa1}
	})
	emptied := with(base, func(e *recovery.Evidence) {
		e.Disk, e.Readable, e.Empty, e.NoLog = nil, false, true, true
	})
	const problem = "/etc/kubernetes/manifests/etcd.yaml.bak and etcd.yaml are the same pod"
	for _, c := range []struct {
		name   string
		e      recovery.Evidence
		live   *recovery.Live
		member string
		want   string // "healthy", "lost" or "" for neither
		why    string
	}{
		{name: "a voter of a quorum", e: serving, live: live(0xa2), member: own, want: "healthy"},
		{
			name:   "a voter of a quorum, under an ID that it got by hand",
			e:      serving,
			live:   live(0xa2),
			member: "a9",
			want:   "healthy",
		},
		{
			name: "a second manifest in the folder of a healthy member",
			e: with(base, func(e *recovery.Evidence) {
				*e = recovery.Evidence{
					Name: "m2", Reach: recovery.Reached, Running: true, Problems: []string{problem},
				}
			}),
			live:   live(0xa2),
			member: own,
			why:    problem,
		},
		{
			name: "the same, and the quorum does not list it",
			e: with(base, func(e *recovery.Evidence) {
				e.Problems = []string{problem}
			}),
			live:   live(0xa1),
			member: own,
			why:    problem,
		},
		{
			name: "the same, and its folder is empty",
			e: with(emptied, func(e *recovery.Evidence) {
				e.Problems = []string{problem}
			}),
			live:   live(0xa2),
			member: own,
			why:    problem,
		},
		{
			name:   "no manifest at the moment, as while kubeadm writes it",
			e:      recovery.Evidence{Name: "m2", Reach: recovery.Reached, NoManifest: true, Running: true},
			live:   live(0xa1),
			member: own,
			why:    "no etcd manifest was found",
		},
		{name: "stopped, and listed", e: base, live: live(0xa2), member: own, why: "its data is there"},
		{
			name:   "stopped, and not listed: another member has its name and address",
			e:      base,
			live:   live(0xa1, 0xa9),
			member: own,
			want:   "lost",
			why:    "does not list it",
		},
		{
			name: "listed by its ID alone: the cluster knows another name and address",
			e: with(base, func(e *recovery.Evidence) {
				e.MemberName, e.PeerURLs = "m2-new", []string{"https://10.9.9.9:2380"}
			}),
			live:   live(0xa2),
			member: own,
			why:    "its data is there",
		},
		{
			name:   "the state's ID is not listed, and that of its own data is: it was added again by hand",
			e:      base,
			live:   live(0xa2),
			member: "a9",
			why:    "its data is there",
		},
		{
			name: "the ID of its own data counts where the state has none",
			e:    base,
			live: live(0xa1),
			want: "lost",
			why:  "does not list it",
		},
		{
			name: "the ID of data of another cluster does not count",
			e:    with(base, func(e *recovery.Evidence) { e.Disk = &recovery.OnDisk{ClusterID: 0xc2, MemberID: 0xa2} }),
			live: live(0xa1),
			why:  "its data is there",
		},
		{
			name: "no ID is known: its name is not listed, and that proves nothing",
			e: with(base, func(e *recovery.Evidence) {
				e.MemberName, e.PeerURLs, e.Disk = "m9", []string{"https://10.0.0.19:2380"}, nil
			}),
			live: live(0xa1),
			why:  "its data is there",
		},
		{name: "its folder is empty, and it is listed", e: emptied, live: live(0xa2), member: own, want: "lost"},
		{name: "its folder is empty, and no cluster answers", e: emptied, member: own, want: "lost"},
		{
			name: "there is no log, and the folder is not empty",
			e: with(emptied, func(e *recovery.Evidence) {
				e.Empty = false
			}),
			live:   live(0xa2),
			member: own,
			want:   "lost",
			why:    "no etcd data in /d",
		},
		{
			name: "the same, and a disk may not be mounted",
			e: with(emptied, func(e *recovery.Evidence) {
				e.Empty, e.Unknown.Data = false, "its mount is missing"
			}),
			live:   live(0xa2),
			member: own,
			why:    "its mount is missing",
		},
		{
			name: "etcd was started where a disk is not mounted, and says what it says on a wiped one",
			e: with(emptied, func(e *recovery.Evidence) {
				e.Empty, e.NoLog, e.Unknown.Data = false, false, "its mount is missing"
				e.LastWords = []string{"member a2 has already been bootstrapped"}
			}),
			live:   live(0xa2),
			member: own,
			why:    "its mount is missing",
		},
		{
			name: "etcd says that its data is behind what it acknowledged",
			e: with(base, func(e *recovery.Evidence) {
				e.LastWords = []string{"tocommit(27) is out of range [lastIndex(4)]"}
			}),
			live:   live(0xa2),
			member: own,
			want:   "lost",
			why:    "is out of range",
		},
		{
			name:   "another cluster answers than the one that it is known in",
			e:      base,
			live:   &recovery.Live{ClusterID: 0xc2, Members: live(0xa1).Members},
			member: own,
			why:    "its data is there",
		},
		{name: "no cluster answers", e: base, member: own, why: "its data is there"},
		{
			name: "a learner",
			e: with(serving, func(e *recovery.Evidence) {
				e.Status = &etcd.Status{ClusterID: 0xc1, MemberID: 0xa2, Leader: 0xa1, Learner: true}
			}),
			live:   live(0xa2),
			member: own,
			why:    "as a learner",
		},
		{
			name:   "an alarm",
			e:      with(serving, func(e *recovery.Evidence) { e.Alarms = []string{"NOSPACE"} }),
			live:   live(0xa2),
			member: own,
			why:    "alarms NOSPACE",
		},
		{
			name: "it has founded a cluster of its own",
			e: with(serving, func(e *recovery.Evidence) {
				e.Status = &etcd.Status{ClusterID: 0xc2, MemberID: 0xa7, Leader: 0xa7}
				e.Members = []etcd.Member{{ID: 0xa7}}
			}),
			live:   live(0xa2),
			member: own,
			want:   "lost",
			why:    "it serves cluster c2, of which it is the only member",
		},
		{
			name: "it serves a cluster of others",
			e: with(serving, func(e *recovery.Evidence) {
				e.Status = &etcd.Status{ClusterID: 0xc2, MemberID: 0xa7, Leader: 0xa7}
				e.Members = []etcd.Member{{ID: 0xa7}, {ID: 0xa8}}
			}),
			live:   live(0xa2),
			member: own,
			why:    "etcd serves cluster c2",
		},
		{
			name:   "another node runs as the same member",
			e:      with(serving, func(e *recovery.Evidence) { e.Name, e.Twin = "m2", "m3" }),
			live:   live(0xa2),
			member: own,
			why:    "m2 and m3 both have the data of member a2",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.e.Live = c.live
			healthy, lost, why := Standing(c.e, cluster, c.member)
			got := map[[2]bool]string{{true, false}: "healthy", {false, true}: "lost", {true, true}: "both"}[[2]bool{
				healthy, lost,
			}]
			if got != c.want || !strings.Contains(why, c.why) {
				t.Errorf("got %q, want %q: %s", got, c.want, why)
			}
		})
	}
}
