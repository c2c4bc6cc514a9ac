package recovery

import (
	"slices"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// TestJudge draws the verdict from what masters say and from what is on their disks.
func TestJudge(t *testing.T) {
	members := []etcd.Member{
		{ID: 1, Name: "m1", PeerURLs: []string{"https://10.0.0.11:2380"}},
		{ID: 2, Name: "m2", PeerURLs: []string{"https://10.0.0.12:2380"}},
		{ID: 3, Name: "m3", PeerURLs: []string{"https://10.0.0.13:2380"}},
	}
	named := func(e Evidence, id int) Evidence {
		m := members[id-1]
		e.Name, e.MemberName, e.PeerURLs = m.Name, m.Name, m.PeerURLs
		if e.Status != nil {
			e.Status.MemberID = m.ID
		}
		if e.Disk != nil {
			e.Disk.MemberID = m.ID
		}
		return e
	}
	empty := func() Evidence { return Evidence{Reach: Reached, DataDir: "/d", Empty: true} }
	silent := Evidence{Name: "m3", Reach: Silent, ReachError: "no route to host"}
	live := func(e *Evidence) { e.Quorum, e.Members, e.Status.Leader = true, members, 1 }
	sees := func(i int, answers bool) func(*Evidence) {
		return func(e *Evidence) {
			e.Peers = append(e.Peers, Peer{Name: members[i-1].Name, URL: members[i-1].PeerURLs[0], Answers: answers})
		}
	}
	learner := func(s OnDisk, known ...etcd.Member) Evidence {
		s.Members = known
		return stopped(s)
	}
	asLearner := etcd.Member{ID: 2, Name: "m2", PeerURLs: members[1].PeerURLs, Learner: true}
	for _, c := range []struct {
		name       string
		m1, m2, m3 Evidence
		want       State
		says       string
	}{
		{"a quorum answers", named(with(alone(9, nil), live), 1), named(with(alone(9, nil), live), 2), named(empty(), 3), Alive, "a quorum of 3 voters answers (m1, m2)"},
		{"two of three have data", named(alone(9, nil), 1), named(stopped(OnDisk{Commit: 9}), 2), named(empty(), 3), Startable, "2 of 3 voters (m1, m2) still have their data, and 2 are enough"},
		{"one of three has", named(alone(9, nil), 1), named(empty(), 2), named(empty(), 3), Lost, "1 of 3 voters " +
			"(m1) still have their data, and 2 would be needed"},
		{"none has", named(empty(), 1), named(empty(), 2), named(empty(), 3), NoData, "only a snapshot can bring the " +
			"cluster back"},
		{"one has, and one is not heard from", named(alone(9, nil), 1), named(empty(), 2), silent, Lost, "1 of 3 voters (m1) still have their data, and 2 would be needed; unless m3, not to be examined now, still has its data"},
		{"none has, and one is not heard from", named(empty(), 1), named(empty(), 2), silent, NoData, "what m3 has " +
			"is not known"},
		{"one that is not heard from here is heard from there", named(with(alone(9, nil), sees(3, true)), 1), named(empty(), 2), silent, Unreached, "m1 reaches the etcd of m3 at https://10.0.0.13:2380, and this machine cannot examine it; the cluster may be alive"},
		{"one that is examined is heard from there", named(with(alone(9, nil), sees(2, true)), 1), named(empty(), 2), named(empty(), 3), Lost, "1 of 3 voters (m1)"},
		{"a learner has no vote", named(stopped(OnDisk{Commit: 9}), 1), named(learner(OnDisk{Commit: 9, Learner: true}, asLearner), 2), named(empty(), 3), Lost, "1 of 3 voters (m1)"},
		{"one that does not know yet that it was promoted", named(learner(OnDisk{Commit: 9}, members...), 1), named(learner(OnDisk{Commit: 9, Learner: true}, asLearner), 2), named(empty(), 3), Startable, "2 of 3 voters (m1, m2)"},
		{"one that was removed has no vote", named(stopped(OnDisk{Commit: 9}), 1), named(stopped(OnDisk{Commit: 9, Removed: true}), 2), named(empty(), 3), Lost, "1 of 3 voters (m1)"},
		{"a member of which only a disk tells", named(learner(OnDisk{Commit: 9}, append(slices.Clone(members), etcd.Member{ID: 4, Name: "m4", PeerURLs: []string{"https://10.0.0.14:2380"}}, etcd.Member{ID: 5, Name: "m5", PeerURLs: []string{"https://10.0.0.15:2380"}})...), 1),
			named(stopped(OnDisk{Commit: 9}), 2), named(empty(), 3), Lost, "2 of 5 voters (m1, m2) still have their " +
				"data, and 3 would be needed"},
		{"a cluster of one, with a learner", named(learner(OnDisk{Commit: 9}, members[0], asLearner), 1), named(learner(OnDisk{Commit: 9, Learner: true}, members[0], asLearner), 2), named(empty(), 3), Startable, "1 of 1 voters (m1)"},
		{"an old disk knows members that were removed " +
			"since", named(learner(OnDisk{Commit: 90, RemovedMembers: []etcd.ID{4, 5}}, members...), 1),
			named(learner(OnDisk{Commit: 9}, append(slices.Clone(members), etcd.Member{ID: 4, Name: "m4"}, etcd.Member{ID: 5, Name: "m5"})...), 2), silent, Startable, "2 of 3 voters (m1, m2)"},
		{"one of which another disk knows that it was removed", named(learner(OnDisk{Commit: 90, RemovedMembers: []etcd.ID{2}}, members[0], members[2]), 1), named(learner(OnDisk{Commit: 99}, members...), 2), named(empty(), 3), Lost, "1 of 3 voters (m1)"},
		{"data of another cluster", named(stopped(OnDisk{Commit: 9}), 1), named(stopped(OnDisk{Commit: 9, ClusterID: 8}), 2), named(empty(), 3), Lost, "1 of 3 voters (m1)"},
		{"a seed on which a forced start was begun knows itself " +
			"alone", named(with(learner(OnDisk{Commit: 9, RemovedMembers: []etcd.ID{2, 3}}, members[0]), func(e *Evidence) {
			e.Journals = []Journal{{Operation: "seed", ID: "x", Marks: map[string]string{markForcing: "begun"}}}
		}), 1), named(learner(OnDisk{Commit: 99}, members...), 2), named(empty(), 3), Lost, "1 of 3 voters (m1)"},
		{"damaged data counts until the operator gives it up", named(alone(9, nil), 1), named(with(stopped(OnDisk{}), func(e *Evidence) { e.Damage, e.Disk = "damaged", nil }), 2), named(empty(), 3), Startable, "2 of 3 voters (m1, m2)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := map[string]Evidence{"m1": c.m1, "m2": c.m2, "m3": c.m3}
			for name, e := range all {
				if e.Quorum {
					e.Live = &Live{ClusterID: 7, Members: members, Commit: 9, Revision: 9}
					all[name] = e
				}
			}
			if v := Judge(all, "m1"); v.State != c.want || !strings.Contains(v.Text, c.says) {
				t.Errorf("%s: %s", v.State, v.Text)
			}
		})
	}
}

// TestKnowsMore tells data that cannot have come from the cluster that answers from data that it has outgrown.
func TestKnowsMore(t *testing.T) {
	live := &Live{ClusterID: 7, Members: []etcd.Member{{ID: 1}, {ID: 2}}, Commit: 50, Term: 3, Revision: 40}
	for _, c := range []struct {
		name string
		e    Evidence
		want bool
	}{
		{"a member that has less", stopped(OnDisk{MemberID: 1, Commit: 50, LastTerm: 3}), false},
		{"one that has more", stopped(OnDisk{MemberID: 1, Commit: 51, LastTerm: 3}), true},
		{"one whose log is of a later term", stopped(OnDisk{MemberID: 1, Commit: 20, LastTerm: 4}), true},
		{"one that a recovery has left behind", stopped(OnDisk{MemberID: 9, Commit: 90, LastTerm: 9}), false},
		{"one of another cluster", stopped(OnDisk{MemberID: 1, ClusterID: 8, Commit: 90}), false},
		{"one that runs alone, and has more", alone(51, nil), true},
		{"one that runs alone, and has less", alone(49, nil), false},
	} {
		c.e.Live = live
		if got := c.e.knowsMore(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	founded := stopped(OnDisk{ClusterID: 8, Commit: 9})
	founded.Live = &Live{ClusterID: 7, Revision: 1}
	if !founded.knowsMore() {
		t.Error("a cluster in which nothing was ever written is believed")
	}
}

// TestRemovedSeed refuses a seed of which another master knows that it was removed.
func TestRemovedSeed(t *testing.T) {
	m1, m2 := stopped(
		OnDisk{MemberID: 1, Commit: 20, RemovedMembers: []etcd.ID{2}},
	), stopped(
		OnDisk{MemberID: 2, Commit: 99},
	)
	m1.Name, m2.Name = "m1", "m2"
	err := checkLost(Verdict{State: Lost}, map[string]Evidence{"m1": m1, "m2": m2}, m2)
	if r, ok := IsRefusal(
		err,
	); !ok || r.Code != CodeSeedRemoved ||
		!strings.Contains(r.Found, "the data of m1 says that the member of m2 was removed") {
		t.Errorf("got %v", err)
	}
	if err := checkLost(Verdict{State: Lost}, map[string]Evidence{"m1": m1, "m2": m2}, m1); err != nil {
		t.Errorf("m1: %v", err)
	}
}

// TestCutOff names the peers that a member cannot reach, where all that is missing is the network between them.
func TestCutOff(t *testing.T) {
	m1 := with(alone(9, nil), func(e *Evidence) {
		e.Name, e.Peers = "m1", []Peer{
			{Name: "m2", URL: "https://10.0.0.12:2380"},
			{Name: "m3", URL: "https://10.0.0.13:2380", Answers: true},
		}
	})
	err := refuseVerdict(Verdict{State: Startable, WithData: []string{"m1"}}, map[string]Evidence{"m1": m1})
	if want := "m1: etcd runs there; it needs its peers, and does not reach m2 " +
		"(https://10.0.0.12:2380)\n"; !strings.Contains(
		err.Error(),
		want,
	) {
		t.Errorf("got %v", err)
	}
}
