package planner

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestAbsence has situations in which something was not seen, and the cluster lives all the same.
func TestAbsence(t *testing.T) {
	m := three()
	away := []recovery.Evidence{silentAt("m2", "10.0.0.12"), silentAt("m3", "10.0.0.13")}
	gone := []string{"m2", "m3"}
	named := func(e *recovery.Evidence) {
		e.Manifest += "    - --initial-cluster=m1=https://10.0.0.11:2380,m2=https://10.0.0.12:2380," +
			"m3=https://10.0.0.13:2380\n"
	}
	for _, c := range []struct {
		name   string
		m1     recovery.Evidence
		others []recovery.Evidence
		lost   []string
		want   recovery.Code
	}{
		{
			name: "the seed runs, and was neither heard nor read",
			m1: with(unjudged("somebody writes to it at this moment"), func(e *recovery.Evidence) {
				e.Running, e.Unknown.Status = true, "context deadline exceeded"
			}),
			others: away,
			lost:   gone,
			want:   recovery.CodeDataUnknown,
		},
		{
			name: "the same of an etcd that writes down each campaign",
			m1: with(unjudged("somebody writes to it at this moment"), func(e *recovery.Evidence) {
				e.Running, e.Unknown.Status, e.Image = true, "context deadline exceeded", "k8s.gcr.io/etcd:3.4.13-0"
			}),
			others: []recovery.Evidence{at(empty(), m[1]), at(empty(), m[2])},
		},
		{
			name:   "no data tells of the member that a manifest names",
			m1:     with(unjudged("context deadline exceeded"), named),
			others: []recovery.Evidence{at(empty(), m[1])},
			want:   recovery.CodeMemberNotSurveyed,
		},
		{
			name: "a voter names a leader, and a read did not come back",
			m1: with(alone(20, nil), func(e *recovery.Evidence) {
				e.Members, e.Status.MemberID, e.Status.Leader = m, 1, 2
				e.Unknown.Quorum = "linearizable read: context deadline exceeded"
			}),
			others: away,
			lost:   gone,
			want:   recovery.CodeMayBeAlive,
		},
		{
			name: "a voter that has not learned of itself names a leader for ever",
			m1:   disk(7, 20, append(three(), peer(4, "m4", "10.0.0.14"))...),
			others: append(slices.Clone(away), at(with(alone(5, nil), func(e *recovery.Evidence) {
				e.Members, e.Status.Leader, e.Unknown.Quorum = m, 2, "linearizable read: context deadline exceeded"
			}), peer(4, "m4", "10.0.0.14"))),
			lost: gone,
		},
		{
			name: "another node cannot be asked who else is there",
			m1:   disk(7, 20, m...),
			others: []recovery.Evidence{
				at(with(empty(), func(e *recovery.Evidence) {
					e.Unknown.Peers, e.Problems = "sshd forbids it", []string{"sshd forbids it"}
				}), m[1]),
				at(empty(), m[2]),
			},
			want: recovery.CodeNodeNotReady,
		},
		{
			name: "an etcd answers for a node on which none runs",
			m1: with(disk(7, 20, m...), func(e *recovery.Evidence) {
				e.Peers = []recovery.Peer{{Name: "m2", URL: m[1].PeerURLs[0], Answers: true}}
			}),
			others: []recovery.Evidence{
				at(with(empty(), func(e *recovery.Evidence) { e.Parked = "/parked/etcd.yaml" }), m[1]),
				at(empty(), m[2]),
			},
			want: recovery.CodeLostNodeServes,
		},
		{
			name: "a wiped etcd takes connections between two looks",
			m1: with(disk(7, 20, m...), func(e *recovery.Evidence) {
				e.Peers = []recovery.Peer{{Name: "m2", URL: m[1].PeerURLs[0], Answers: true}}
			}),
			others: []recovery.Evidence{at(empty(), m[1]), at(empty(), m[2])},
		},
		{
			name:   "another machine is silent than the member's",
			m1:     disk(7, 20, m...),
			others: []recovery.Evidence{at(empty(), m[1]), silentAt("m4", "m4.example.com")},
			lost:   []string{"m4"},
			want:   recovery.CodeMemberNotSurveyed,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			own := c.m1.Manifest
			c.m1.Manifest = ""
			seed := at(c.m1, m[0])
			seed.Manifest += own
			s := append(recovery.Survey{seed}, c.others...)
			_, err := DecideSeed(s, SeedRequest{RecoveryID: "X", Lost: c.lost})
			if recovery.CodeOf(err) != c.want || c.want == "" && err != nil {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// TestForcingGoesOn has the same for a forced start that was about to begin, or has begun, and is not verified.
func TestForcingGoesOn(t *testing.T) {
	m := three()
	j := begunAt("X", "m1", recovery.PhaseForcing)
	j.Cluster, j.Member, j.Places = 7, 1, recovery.Places{Data: "/old/1", Whole: true}
	unheard := with(unjudged("somebody writes to it at this moment"), func(e *recovery.Evidence) {
		e.Running, e.Unknown.Status = true, "context deadline exceeded"
	})
	forced := disk(7, 20, m[0])
	follower := at(with(alone(20, nil), func(e *recovery.Evidence) {
		e.Members, e.Status.Leader, e.Unknown.Quorum = m, 3, "linearizable read: context deadline exceeded"
	}), m[1])
	for _, c := range []struct {
		name         string
		m1           recovery.Evidence
		flag, parked string
		m2           recovery.Evidence
		lost         []string
		want         recovery.Code
	}{
		{
			name: "it was put back, runs, and was neither heard nor read", m1: unheard,
			m2: silentAt("m2", "10.0.0.12"), lost: []string{"m2", "m3"}, want: recovery.CodeDataUnknown,
		},
		{
			name: "it starts with our flag again and again", m1: unheard, flag: "/m/etcd.yaml", parked: "/p/etcd.yaml",
			m2: silentAt("m2", "10.0.0.12"), lost: []string{"m2", "m3"},
		},
		{
			name: "another voter names a leader", m1: forced, parked: "/p/etcd.yaml",
			m2: follower, lost: []string{"m3"}, want: recovery.CodeMayBeAlive,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m1 := at(c.m1, m[0])
			m1.Journals, m1.ForceFlag, m1.Parked = []recovery.Journal{j}, c.flag, c.parked
			s := recovery.Survey{m1, c.m2, silentAt("m3", "10.0.0.13")}
			_, err := DecideSeed(s, SeedRequest{RecoveryID: "X", Lost: c.lost})
			if recovery.CodeOf(err) != c.want || c.want == "" && err != nil {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestEtcdAtANodesAddress has an etcd at the address of a node on which none runs, beside one that is silent: each is
// said with what can be done about it.
func TestEtcdAtANodesAddress(t *testing.T) {
	m := three()
	m1 := at(disk(7, 20, m...), m[0])
	m1.Peers = []recovery.Peer{{Name: "m3", URL: m[2].PeerURLs[0], Answers: true}}
	m3 := at(empty(), m[2])
	m3.Parked = "/parked/etcd.yaml"
	s := recovery.Survey{m1, silentAt("m2", "10.0.0.12"), m3}
	_, err := DecideSeed(s, SeedRequest{RecoveryID: "X"})
	var codes []recovery.Code
	for _, r := range recovery.Refusals(err) {
		codes = append(codes, r.Code)
	}
	if want := []recovery.Code{recovery.CodeLostNodeServes, recovery.CodeUnreachable}; !slices.Equal(codes, want) {
		t.Errorf("got %v, want %v", codes, want)
	}

	// An old machine with the same manifest is stopped somewhere, and the one that has its address runs.
	again := at(with(empty(), func(e *recovery.Evidence) { e.Running = true }), m[2])
	again.Name = "m3b"
	if seen := SeenElsewhere(append(s, again)); len(seen) > 0 {
		t.Errorf("seen %q", seen)
	}
}

// TestPutBackSinceTheCopy has a recovery that was ended after its copy. The manifest was put back by hand, and etcd has
// run since: the copy is not of what it has now.
func TestPutBackSinceTheCopy(t *testing.T) {
	m := three()
	j := begunAt("X", "m1", recovery.PhaseCopied)
	j.Cluster, j.Member, j.Stopped = 7, 1, []string{"m1", "m2", "m3"}
	j.Places = recovery.Places{Data: "/old/1", Whole: true}
	const parked = "/parked/etcd.yaml"
	for _, c := range []struct {
		name   string
		phase  recovery.Phase
		parked string
		free   int64
		want   recovery.Code
		place  string
		says   string
	}{
		{name: "put back, no room", phase: recovery.PhaseCopied, want: recovery.CodeNoSpace, says: "are at /old/1"},
		{name: "put back", phase: recovery.PhaseCopied, free: 1 << 40, place: "/old/2"},
		{name: "put back before it was forced", phase: recovery.PhaseForcing, free: 1 << 40, place: "/old/2"},
		{name: "stopped still", phase: recovery.PhaseCopied, parked: parked, place: "/old/1"},
		{name: "stopped still, about to be forced", phase: recovery.PhaseForcing, parked: parked, place: "/old/1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m1 := at(disk(7, 5_000, m...), m[0])
			m1.OldData, m1.DataBytes, m1.FreeBytes, m1.Parked = "/old/2", 1<<30, c.free, c.parked
			j.Phase = c.phase
			m1.Journals = []recovery.Journal{j}
			s := recovery.Survey{m1, at(empty(), m[1]), at(empty(), m[2])}
			p, err := DecideSeed(s, SeedRequest{RecoveryID: "X"})
			if recovery.CodeOf(err) != c.want || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if err == nil && p.OldData != c.place {
				t.Errorf("the copy is at %s, want %s", p.OldData, c.place)
			}
		})
	}
}

// TestFoundedAnewAtTheSeed has a recovery of the past. Its seed's disk is a new one, and the seed has founded its
// cluster anew on that, under the same IDs; another node has all that the old cluster has written.
func TestFoundedAnewAtTheSeed(t *testing.T) {
	one, two, thr := peer(1, "m1", "10.0.0.11"), peer(22, "m2", "10.0.0.12"), peer(33, "m3", "10.0.0.13")
	seeded := recovery.Journal{
		Operation: recovery.OperationSeed, ID: "X", Master: "m1", Phase: recovery.PhaseFinished,
		Started: time.Unix(0, 0), Ended: time.Unix(100, 0),
		Cluster: 7, Member: 1, Stopped: []string{"m1", "m2", "m3"},
	}
	joined := recovery.Journal{
		Operation: recovery.OperationMember, ID: "1", Master: "m2", Phase: recovery.PhaseFinished,
		Started: time.Unix(200, 0), Ended: time.Unix(300, 0), Learner: "16", Voter: "16",
	}
	for _, c := range []struct {
		name     string
		left     map[string]recovery.Left
		revision int64
		joined   bool
		is       bool // left behind
	}{
		{name: "it was stopped for the recovery, and nothing else is known", is: true},
		{name: "it has joined since", joined: true},
		{name: "it had another member's data then", left: map[string]recovery.Left{"m2": {Member: 2}}},
		{name: "what answers has less than the forced cluster", revision: 900_000},
		{name: "it has what was left", left: map[string]recovery.Left{"m2": {Member: 22}}, revision: 1_000, is: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := seeded
			j.Left, j.Revision = c.left, c.revision
			m1, m2 := at(quorum(7, 2_000, one), one), at(disk(7, 1_000_000, one, two, thr), two)
			m1.Journals = []recovery.Journal{j}
			if c.joined {
				m2.Journals = []recovery.Journal{joined}
			}
			s := surveyed(m1, m2, at(empty(), thr))
			for i := range s { // as survey.Take does
				s[i].LeftBy = s.LeftBy(s[i])
			}
			if is := s.Node("m2").LeftBy != ""; is != c.is {
				t.Fatalf("left behind: %v", is)
			}
			if c.is {
				return
			}
			_, err := DecideSeed(s, SeedRequest{RecoveryID: "Y"})
			if recovery.CodeOf(err) != recovery.CodeClusterBehind {
				t.Errorf("the seed: %v", err)
			}
			_, err = DecideMember(s.Node("m2"), recovery.Cluster{ID: "7"}, false)
			if recovery.CodeOf(err) != recovery.CodeClusterBehind {
				t.Errorf("the member: %v", err)
			}
		})
	}
}

// TestRejoinedByHand has a voter that was removed and added again by hand, which the state knows by its old ID.
func TestRejoinedByHand(t *testing.T) {
	own := peer(0xa9, "m2", "10.0.0.12")
	unheard := with(unjudged("somebody writes to it at this moment"), func(e *recovery.Evidence) {
		e.Running, e.Unknown.Status = true, "context deadline exceeded"
	})
	for _, c := range []struct {
		name   string
		e      recovery.Evidence
		listed bool
		lost   bool

		learner bool
		says    string
	}{
		{name: "it runs, and was neither heard nor read", e: unheard},
		{
			name: "it is a learner of the cluster", says: "as a learner", learner: true,
			e: with(alone(20, nil), func(e *recovery.Evidence) { e.Status.Learner, e.Status.Leader = true, 1 }),
		},
		{
			name: "it runs without a quorum, with data of another cluster", lost: true,
			e: with(alone(20, nil), func(e *recovery.Evidence) { e.Status.ClusterID = 9 }),
		},
		{name: "it is stopped and was not read, and its address is listed", e: unjudged("no gzip"), listed: true},
		{name: "it is stopped and was not read, and the cluster has nobody there", e: unjudged("no gzip"), lost: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := at(c.e, own)
			e.Live = &recovery.Live{ClusterID: 7, Members: three()[:1], Revision: 9}
			if c.listed || c.learner {
				e.Live.Members = append(slices.Clone(e.Live.Members), own)
			}
			if _, lost, why := Standing(e, "7", "a2"); lost != c.lost || !strings.Contains(why, c.says) {
				t.Errorf("lost: %v: %s", lost, why)
			}
		})
	}
}

// TestTwins has one snapshot restored on each of three nodes by itself: all run as the same member.
func TestTwins(t *testing.T) {
	m := three()
	var s recovery.Survey
	for _, self := range m {
		e := at(quorum(7, 20, m[0]), self)
		e.Status.MemberID = 1
		s = append(s, e)
	}
	s = surveyed(s...)
	for i := range s { // as survey.Take does
		s[i].Twin = s.TwinOf(s[i])
	}
	for _, e := range s {
		if e.Twin == "" {
			t.Errorf("%s has no twin", e.Name)
		}
		healthy, lost, why := Standing(e, "7", "1")
		if healthy || lost || !strings.Contains(why, "both have the data") {
			t.Errorf("%s: healthy %v, lost %v: %s", e.Name, healthy, lost, why)
		}
		_, err := DecideMember(e, recovery.Cluster{ID: "7"}, false)
		if recovery.CodeOf(err) != recovery.CodeMemberTwice {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
	s[2].Status.ClusterID = 8
	if s.TwinOf(s[2]) != "" {
		t.Error("members of two clusters are twins")
	}
}

// TestAbandonIsPlanned recovers from another node than the one on which a forced start cannot succeed: what that has
// done is in the plan, and it is no candidate any more.
func TestAbandonIsPlanned(t *testing.T) {
	m := three()
	m1 := at(disk(7, 50, m[0]), m[0])
	m1.Parked = "/parked/etcd.yaml"
	j := begunAt("X", "m1", recovery.PhaseForcing)
	j.Cluster, j.Member, j.Stopped = 7, 1, []string{"m1", "m2", "m3"}
	j.Places = recovery.Places{Data: "/old/1", Whole: true}
	m1.Journals = []recovery.Journal{j}
	s := recovery.Survey{m1, at(disk(7, 40, m...), m[1]), at(empty(), m[2])}

	_, err := DecideSeed(s, SeedRequest{RecoveryID: "Y"})
	if r, _ := recovery.IsRefusal(err); r == nil || r.Code != recovery.CodeOtherUnfinished ||
		!strings.Contains(r.Next, `abandon = ["X"]`) {
		t.Errorf("another recovery: %v", err)
	}
	_, err = DecideSeed(s, SeedRequest{RecoveryID: "X", Node: "m2"})
	if r, _ := recovery.IsRefusal(err); r == nil || r.Code != recovery.CodeOtherSeed ||
		!strings.Contains(r.Next, `abandon = ["X"]`) {
		t.Errorf("another seed: %v", err)
	}
	p, err := DecideSeed(s, SeedRequest{RecoveryID: "Y", Abandon: []string{"X"}, Node: "m2", Less: []string{"m1"}})
	if err != nil {
		t.Fatal(err)
	}
	if p.Node != "m2" || len(p.Abandons) != 1 || !strings.Contains(p.Abandons[0], "X on m1: etcd may have rewritten") ||
		!strings.Contains(p.Abandons[0], "/old/1") {
		t.Errorf("the plan forces %s: %q", p.Node, p.Abandons)
	}
}

// TestAbandonedIsTakenUp asks again for a recovery by its ID that was given up: it goes on, with every check. Where a
// forced start has been at the data, that is copied anew. A new recovery leads back to it.
func TestAbandonedIsTakenUp(t *testing.T) {
	one, two, thr := peer(1, "m1", "10.0.0.11"), peer(22, "m2", "10.0.0.12"), peer(33, "m3", "10.0.0.13")
	for _, c := range []struct {
		came  recovery.Phase
		place string        // of the copy
		anew  recovery.Code // of a new recovery
	}{
		{came: recovery.PhaseCopied, place: "/old/1"},
		{came: recovery.PhaseForcing, place: "/old/2", anew: recovery.CodeSeedUndecided},
		{came: recovery.PhaseForced, place: "/old/2", anew: recovery.CodeSeedUndecided},
	} {
		x := recovery.Journal{
			Operation: recovery.OperationSeed, ID: "X", Master: "m1", Phase: c.came, Started: time.Unix(0, 0),
			Cluster: 7, Member: 1, Places: recovery.Places{Data: "/old/1", Whole: true},
		}
		x.End(recovery.PhaseAbandoned, time.Unix(100, 0))
		members := []etcd.Member{one}
		if c.came == recovery.PhaseCopied {
			members = append(members, two, thr)
		}
		m1 := at(disk(7, 1_000, members...), one)
		m1.Journals, m1.Parked, m1.OldData = []recovery.Journal{x}, "/parked/etcd.yaml", "/old/2"
		s := surveyed(m1, at(empty(), two), at(empty(), thr))
		p, err := DecideSeed(s, SeedRequest{RecoveryID: "X", Node: "m1"})
		if err != nil {
			t.Fatalf("%s: %v", c.came, err)
		}
		if !p.Resuming || p.OldData != c.place || !strings.Contains(m1.SeedJournal("X").SeedStands(), "/old/1") {
			t.Errorf("%s: resuming %t, with the copy at %s", c.came, p.Resuming, p.OldData)
		}
		_, err = DecideSeed(s, SeedRequest{RecoveryID: "Y"})
		if recovery.CodeOf(err) != c.anew {
			t.Errorf("%s: a new one: %v", c.came, err)
		}
		if r, refused := recovery.IsRefusal(err); refused && !strings.Contains(r.Next, `recovery_id = "X"`) {
			t.Errorf("%s: a new one does not lead back: %s", c.came, r.Next)
		}
	}
}

// TestForcedLaterIsNotLeft has a node that one recovery has left behind, and from which another one has forced a
// cluster since. When the first one's seed is started again, what the other has written counts.
func TestForcedLaterIsNotLeft(t *testing.T) {
	one, two, thr := peer(1, "m1", "10.0.0.11"), peer(22, "m2", "10.0.0.12"), peer(33, "m3", "10.0.0.13")
	forced := func(id, on string, member etcd.ID, started int64) recovery.Journal {
		return recovery.Journal{
			Operation: recovery.OperationSeed, ID: id, Master: on, Phase: recovery.PhaseFinished,
			Started: time.Unix(started, 0), Ended: time.Unix(started+10, 0),
			Cluster: 7, Member: member, Stopped: []string{"m1", "m2", "m3"},
		}
	}
	x, y := forced("X", "m1", 1, 0), forced("Y", "m2", 22, 100)
	given := x
	given.Phase = recovery.PhaseForced
	given.End(recovery.PhaseAbandoned, time.Unix(100, 0))
	for name, c := range map[string]struct {
		x    recovery.Journal
		have []recovery.Journal // on m2
		left bool
	}{
		"left behind":                   {x, nil, true},
		"forced since":                  {x, []recovery.Journal{y}, false},
		"the first one was given up":    {given, nil, false},
		"given up, and forced since":    {given, []recovery.Journal{y}, false},
		"forced before, and left since": {x, []recovery.Journal{forced("W", "m2", 22, -100)}, true},
	} {
		m1, m2 := at(quorum(7, 2_000, one), one), at(disk(7, 1_000_000, two), two)
		m1.Journals, m2.Journals = []recovery.Journal{c.x}, c.have
		s := surveyed(m1, m2, at(empty(), thr))
		for i := range s { // as survey.Take does
			s[i].LeftBy = s.LeftBy(s[i])
		}
		if left := s.Node("m2").LeftBy != ""; left != c.left {
			t.Errorf("%s: %v", name, left)
		}
		_, err := DecideSeed(s, SeedRequest{RecoveryID: "Z"})
		if behind := recovery.CodeOf(err) == recovery.CodeClusterBehind; behind == c.left {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRemovedSeedIsNotForcedAgain has a recovery whose forced start was never verified. Another one has made a cluster
// since that has removed its seed, and of which one node is left, with all that was written.
func TestRemovedSeedIsNotForcedAgain(t *testing.T) {
	one, two, thr := peer(1, "m1", "10.0.0.11"), peer(22, "m2", "10.0.0.12"), peer(33, "m3", "10.0.0.13")
	m1, m3 := at(disk(7, 1_000, one), one), at(disk(7, 900_000, two, thr), thr)
	m1.Journals, m1.Parked = []recovery.Journal{{
		Operation: recovery.OperationSeed, ID: "A", Master: "m1", Phase: recovery.PhaseForcing, Cluster: 7, Member: 1,
		Places: recovery.Places{Data: "/old/1", Whole: true},
	}}, "/parked/etcd.yaml"
	m3.Disk.RemovedMembers = []etcd.ID{1}
	_, err := DecideSeed(surveyed(m1, at(empty(), two), m3), SeedRequest{RecoveryID: "A"})
	if r, _ := recovery.IsRefusal(err); r == nil || r.Code != recovery.CodeSeedRemoved ||
		!strings.Contains(r.Next, `abandon = ["A"]`) {
		t.Errorf("got %v", err)
	}
	m3.Disk.RemovedMembers = nil // nobody says so, and it has more
	_, err = DecideSeed(surveyed(m1, at(empty(), two), m3), SeedRequest{RecoveryID: "A"})
	if recovery.CodeOf(err) != recovery.CodeOthersHaveMore {
		t.Errorf("got %v", err)
	}
}

// TestJoinOfTwoClusters has two nodes that answer as one member: nobody joins until one of them counts.
func TestJoinOfTwoClusters(t *testing.T) {
	one, two, thr := peer(1, "m1", "10.0.0.11"), peer(22, "m2", "10.0.0.12"), peer(33, "m3", "10.0.0.13")
	other := two
	other.ID = 1
	for name, c := range map[string]struct {
		m2   recovery.Evidence
		code recovery.Code
	}{
		"one cluster":                          {m2: at(quorum(7, 100, one, two), two)},
		"the same member twice":                {at(quorum(7, 100, other), other), recovery.CodeMemberTwice},
		"each has thrown the other one out":    {m2: at(quorum(7, 100, two), two)},
		"the cluster of the second is another": {m2: at(quorum(8, 100, two), two)},
	} {
		m1 := at(quorum(7, 200, one), one)
		if name == "one cluster" {
			m1 = at(quorum(7, 200, one, two), one)
		}
		s := surveyed(m1, c.m2, at(empty(), thr))
		live := &recovery.Live{ClusterID: 7, Members: m1.Members, Revision: 200, Twins: s.TwinsIn(7)}
		m3 := s.Node("m3")
		m3.Live, m3.Kubelet.Running = live, true
		_, err := DecideMember(m3, recovery.Cluster{ID: "7"}, true)
		if recovery.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}
