package planner

import (
	"slices"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestJudge draws the verdict from what masters say and from what is on their disks.
func TestJudge(t *testing.T) {
	members := []etcd.Member{
		{ID: 1, Name: "m1", PeerURLs: []string{"https://10.0.0.11:2380"}},
		{ID: 2, Name: "m2", PeerURLs: []string{"https://10.0.0.12:2380"}},
		{ID: 3, Name: "m3", PeerURLs: []string{"https://10.0.0.13:2380"}},
	}
	five := append(
		slices.Clone(members),
		etcd.Member{ID: 4, Name: "m4", PeerURLs: []string{"https://10.0.0.14:2380"}},
		etcd.Member{ID: 5, Name: "m5", PeerURLs: []string{"https://10.0.0.15:2380"}},
	)
	withoutURLs := append(slices.Clone(members), etcd.Member{ID: 4, Name: "m4"}, etcd.Member{ID: 5, Name: "m5"})
	// named is a master that was examined as the one it is.
	named := func(e recovery.Evidence, m etcd.Member) recovery.Evidence {
		if e.Reach != recovery.Reached {
			e.Name = m.Name
			return e
		}
		e.Name, e.MemberName, e.PeerURLs = m.Name, m.Name, m.PeerURLs
		if e.Status != nil {
			e.Status.MemberID = m.ID
		}
		if e.Disk != nil {
			e.Disk.MemberID = m.ID
		}
		return e
	}
	silent := recovery.Evidence{Reach: recovery.Silent, ReachError: "no route to host"}
	live := func(e *recovery.Evidence) { e.Quorum, e.Members, e.Status.Leader = true, members, 1 }
	sees := func(i int, answers bool) func(*recovery.Evidence) {
		return func(e *recovery.Evidence) {
			e.Peers = append(
				e.Peers,
				recovery.Peer{Name: members[i-1].Name, URL: members[i-1].PeerURLs[0], Answers: answers},
			)
		}
	}
	learner := func(s recovery.OnDisk, known ...etcd.Member) recovery.Evidence {
		s.Members = known
		return stopped(s)
	}
	forcing := func(e *recovery.Evidence) {
		e.Journals = []recovery.Journal{
			{Operation: recovery.OperationSeed, ID: "x", Phase: recovery.PhaseForcing},
		}
	}
	asLearner := etcd.Member{ID: 2, Name: "m2", PeerURLs: members[1].PeerURLs, Learner: true}
	for _, c := range []struct {
		name       string
		m1, m2, m3 recovery.Evidence
		want       State
		says       string
	}{
		{
			name: "a quorum answers",
			m1:   with(alone(9, nil), live),
			m2:   with(alone(9, nil), live),
			m3:   empty(),
			want: Alive,
			says: "a quorum of 3 voters answers (m1, m2)",
		},
		{
			name: "two of three have data",
			m1:   alone(9, nil),
			m2:   stopped(recovery.OnDisk{Commit: 9}),
			m3:   empty(),
			want: Startable,
			says: "2 of 3 voters (m1, m2) still have their data, and 2 are enough",
		},
		{
			name: "one of three has",
			m1:   alone(9, nil),
			m2:   empty(),
			m3:   empty(),
			want: Lost,
			says: "1 of 3 voters (m1) still have their data, and 2 would be needed",
		},
		{
			name: "none has",
			m1:   empty(),
			m2:   empty(),
			m3:   empty(),
			want: NoData,
			says: "only a snapshot can bring the cluster back",
		},
		{
			name: "one has, and one is not heard from",
			m1:   alone(9, nil),
			m2:   empty(),
			m3:   silent,
			want: Lost,
			says: "1 of 3 voters (m1) still have their data, and 2 would be needed; unless m3, not to be examined " +
				"now, still has its data",
		},
		{
			name: "none has, and one is not heard from",
			m1:   empty(),
			m2:   empty(),
			m3:   silent,
			want: NoData,
			says: "what m3 has is not known",
		},
		{
			name: "one that is not heard from here is heard from there",
			m1:   with(alone(9, nil), sees(3, true)),
			m2:   empty(),
			m3:   silent,
			want: Unreached,
			says: "m1 reaches the etcd of m3 at https://10.0.0.13:2380, and this machine cannot examine it; the " +
				"cluster may be alive",
		},
		{
			name: "one that is examined is heard from there",
			m1:   with(alone(9, nil), sees(2, true)),
			m2:   with(empty(), func(e *recovery.Evidence) { e.Running = true }),
			m3:   empty(),
			want: Lost,
			says: "1 of 3 voters (m1)",
		},
		{
			name: "what answers for one on which nothing runs is another machine",
			m1:   with(alone(9, nil), sees(2, true)),
			m2:   empty(),
			m3:   empty(),
			want: Unreached,
			says: "(node m2, on which no etcd was running)",
		},
		{
			name: "a learner has no vote",
			m1:   stopped(recovery.OnDisk{Commit: 9}),
			m2:   learner(recovery.OnDisk{Commit: 9, Learner: true}, asLearner),
			m3:   empty(),
			want: Lost,
			says: "1 of 3 voters (m1)",
		},
		{
			name: "one that does not know yet that it was promoted",
			m1:   learner(recovery.OnDisk{Commit: 9}, members...),
			m2:   learner(recovery.OnDisk{Commit: 9, Learner: true}, asLearner),
			m3:   empty(),
			want: Startable,
			says: "2 of 3 voters (m1, m2)",
		},
		{
			name: "one that was removed has no vote",
			m1:   stopped(recovery.OnDisk{Commit: 9}),
			m2:   stopped(recovery.OnDisk{Commit: 9, Removed: true}),
			m3:   empty(),
			want: Lost,
			says: "1 of 3 voters (m1)",
		},
		{
			name: "a member of which only a disk tells",
			m1:   learner(recovery.OnDisk{Commit: 9}, five...),
			m2:   stopped(recovery.OnDisk{Commit: 9}),
			m3:   empty(),
			want: Lost,
			says: "2 of 5 voters (m1, m2) still have their data, and 3 would be needed",
		},
		{
			name: "a cluster of one, with a learner",
			m1:   learner(recovery.OnDisk{Commit: 9}, members[0], asLearner),
			m2:   learner(recovery.OnDisk{Commit: 9, Learner: true}, members[0], asLearner),
			m3:   empty(),
			want: Startable,
			says: "1 of 1 voters (m1)",
		},
		{
			name: "an old disk knows members that were removed since",
			m1:   learner(recovery.OnDisk{Commit: 90, RemovedMembers: []etcd.ID{4, 5}}, members...),
			m2:   learner(recovery.OnDisk{Commit: 9}, withoutURLs...),
			m3:   silent,
			want: Startable,
			says: "2 of 3 voters (m1, m2)",
		},
		{
			name: "one of which another disk knows that it was removed",
			m1:   learner(recovery.OnDisk{Commit: 90, RemovedMembers: []etcd.ID{2}}, members[0], members[2]),
			m2:   learner(recovery.OnDisk{Commit: 99}, members...),
			m3:   empty(),
			want: Lost,
			says: "1 of 2 voters (m1)",
		},
		{
			name: "data of another cluster",
			m1:   stopped(recovery.OnDisk{Commit: 9}),
			m2:   stopped(recovery.OnDisk{Commit: 9, ClusterID: 8}),
			m3:   empty(),
			want: Lost,
			says: "1 of 3 voters (m1)",
		},
		{
			name: "a seed on which a forced start was begun knows itself alone",
			m1:   with(learner(recovery.OnDisk{Commit: 9, RemovedMembers: []etcd.ID{2, 3}}, members[0]), forcing),
			m2:   learner(recovery.OnDisk{Commit: 99}, members...),
			m3:   empty(),
			want: Lost,
			says: "1 of 3 voters (m1)",
		},
		{
			name: "damaged data counts until the operator gives it up",
			m1:   alone(9, nil),
			m2:   damaged("damaged"),
			m3:   empty(),
			want: Startable,
			says: "2 of 3 voters (m1, m2)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := map[string]recovery.Evidence{
				"m1": named(c.m1, members[0]),
				"m2": named(c.m2, members[1]),
				"m3": named(c.m3, members[2]),
			}
			for name, e := range all {
				if e.Quorum {
					e.Live = &recovery.Live{ClusterID: 7, Members: members, Commit: 9, Revision: 9}
					all[name] = e
				}
			}
			if v := Judge(recovery.SurveyOf(all), "m1"); v.State != c.want || !strings.Contains(v.Text, c.says) {
				t.Errorf("%s: %s", v.State, v.Text)
			}
		})
	}
}

// TestKnowsMore tells data that cannot have come from the cluster that answers from data that it has outgrown.
func TestKnowsMore(t *testing.T) {
	live := &recovery.Live{ClusterID: 7, Members: []etcd.Member{{ID: 1}, {ID: 2}}, Commit: 50, Term: 3, Revision: 40}
	for _, c := range []struct {
		name string
		e    recovery.Evidence
		want bool
	}{
		{"a member that has less", stopped(recovery.OnDisk{MemberID: 1, Commit: 50, LastTerm: 3}), false},
		{"one that has more", stopped(recovery.OnDisk{MemberID: 1, Commit: 51, LastTerm: 3}), true},
		{"one whose database has more, of unknown version", with(
			stopped(recovery.OnDisk{MemberID: 1, Commit: 50, ConsistentIndex: 51, LastTerm: 3}),
			func(e *recovery.Evidence) { e.Image = "" },
		), true},
		{"one whose log is of a later term", stopped(recovery.OnDisk{MemberID: 1, Commit: 20, LastTerm: 4}), true},
		{"one that a recovery has left behind", stopped(recovery.OnDisk{MemberID: 9, Commit: 90, LastTerm: 9}), false},
		{"one of another cluster", stopped(recovery.OnDisk{MemberID: 1, ClusterID: 8, Commit: 90}), false},
		{"one that runs alone, and has more", alone(51, nil), true},
		{"one that runs alone, and has less", alone(49, nil), false},
	} {
		c.e.Live = live
		if got := knowsMore(c.e); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	founded := stopped(recovery.OnDisk{ClusterID: 8, Commit: 9})
	founded.Live = &recovery.Live{ClusterID: 7, Revision: 1}
	if !knowsMore(founded) {
		t.Error("a cluster in which nothing was ever written is believed")
	}
}

// TestRemovedSeed refuses a seed of which another master knows that it was removed.
func TestRemovedSeed(t *testing.T) {
	m1, m2 := stopped(recovery.OnDisk{MemberID: 1, Commit: 20, RemovedMembers: []etcd.ID{2}}), stopped(
		recovery.OnDisk{MemberID: 2, Commit: 99},
	)
	m1.Name, m2.Name = "m1", "m2"
	err := decisionFor(recovery.Survey{m1, m2}, SeedRequest{Node: "m2"}).seedCanBeForced()
	if r, ok := recovery.IsRefusal(err); !ok || r.Code != recovery.CodeSeedRemoved ||
		!strings.Contains(r.Found, "the data of m1 says that the member of m2 was removed") {
		t.Errorf("got %v", err)
	}
	if err := decisionFor(recovery.Survey{m1, m2}, SeedRequest{Node: "m1"}).seedCanBeForced(); err != nil {
		t.Errorf("m1: %v", err)
	}
}

// TestCutOff names the peers that a member cannot reach, where all that is missing is the network between them.
func TestCutOff(t *testing.T) {
	m1 := with(alone(9, nil), func(e *recovery.Evidence) {
		e.Name, e.Peers = "m1", []recovery.Peer{
			{Name: "m2", URL: "https://10.0.0.12:2380"},
			{Name: "m3", URL: "https://10.0.0.13:2380", Answers: true},
		}
	})
	err := refuseVerdict(Verdict{State: Startable, WithData: []string{"m1"}}, recovery.Survey{m1})
	if want := "m1: etcd runs there; it needs its peers, and does not reach m2 " +
		"(https://10.0.0.12:2380)\n"; !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}
