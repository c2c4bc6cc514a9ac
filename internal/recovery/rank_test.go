package recovery

import (
	"reflect"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
)

// Images of an etcd whose forced start goes by log and database, and of one that goes by the log alone.
const fixed, forgets = "registry.k8s.io/etcd:3.6.12-0", "registry.k8s.io/etcd:3.5.21-0"

// stopped is a master whose data was read.
func stopped(s OnDisk) Evidence {
	if s.ClusterID == 0 {
		s.ClusterID = 7
	}
	if s.LastIndex == 0 {
		s.LastIndex = max(s.Commit, s.ConsistentIndex)
	}
	if s.KeptLeast == 0 {
		s.KeptLeast = s.KeptRevision
	}
	return Evidence{Reach: Reached, Readable: true, DataDir: "/d", Image: fixed, Disk: &s}
}

// alone is one whose etcd answers, without a leader.
func alone(commit uint64, tail *Tail) Evidence {
	return Evidence{
		Reach:    Reached,
		Readable: true,
		DataDir:  "/d",
		Image:    fixed,
		Running:  true,
		Tail:     tail,
		Status:   &etcd.Status{ClusterID: 7, RaftIndex: commit, AppliedIndex: commit, Revision: int64(commit)},
	}
}

func with(e Evidence, change func(*Evidence)) Evidence {
	change(&e)
	return e
}

// TestRank ranks masters by what a forced start would keep on each.
func TestRank(t *testing.T) {
	silent := Evidence{Reach: Silent, ReachError: "connection timed out"}
	image := func(i string) func(*Evidence) { return func(e *Evidence) { e.Image = i } }
	problem := func(e *Evidence) { e.Problems = []string{"the image is missing"} }
	term := func(from, term uint64) []datadir.Term { return []datadir.Term{{From: from, Term: term}} }
	for _, c := range []struct {
		name   string
		m1, m2 Evidence
		lost   []string
		chosen string // "" for a refusal
		says   string
	}{
		{name: "the database is ahead of the log's commit index", m1: stopped(OnDisk{Commit: 10, ConsistentIndex: 30, LastIndex: 31}), m2: stopped(OnDisk{Commit: 20, ConsistentIndex: 20, LastIndex: 40}), chosen: "m1", says: "the log up to entry 30; next is m2 with 20"},
		{name: "an etcd that goes by the log alone", m1: with(stopped(OnDisk{Commit: 10, ConsistentIndex: 30, LastIndex: 31}), image(forgets)), m2: with(stopped(OnDisk{Commit: 20, ConsistentIndex: 20, LastIndex: 40}), image(forgets)), chosen: "m2", says: "the log up to entry 20; next is m1 with 10"},
		{name: "equal, and the last entry of a later term", m1: stopped(OnDisk{Commit: 20, LastIndex: 40, LastTerm: 2}), m2: stopped(OnDisk{Commit: 20, LastIndex: 21, LastTerm: 3}), chosen: "m2", says: "equally far (a forced start keeps the log up to entry 20 on either), and the log of m2 is the longer one"},
		{name: "equal, and a longer log", m1: stopped(OnDisk{Commit: 20, LastIndex: 21, LastTerm: 2}), m2: stopped(OnDisk{Commit: 20, LastIndex: 22, LastTerm: 2}), chosen: "m2", says: "equally far"},
		{name: "equal in everything", m1: stopped(OnDisk{Commit: 20}), m2: stopped(OnDisk{Commit: 20}), chosen: "m1", says: "equally far"},
		{name: "a running one that is ahead", m1: stopped(OnDisk{Commit: 20}), m2: alone(21, nil), chosen: "m2", says: "entry 21"},
		{name: "a running one that is behind", m1: stopped(OnDisk{Commit: 20}), m2: alone(19, nil), chosen: "m1", says: "entry 20"},
		{name: "two that run, and one has a longer log", m1: alone(20, &Tail{20, 2}), m2: alone(20, &Tail{23, 2}), chosen: "m2", says: "the log of m2 is the longer one"},
		{name: "a learner", m1: stopped(OnDisk{Commit: 99, Learner: true}), m2: stopped(OnDisk{Commit: 20}), chosen: "m2", says: "the only master with etcd data that can be the seed"},
		{name: "one that was removed", m1: stopped(OnDisk{Commit: 99, Removed: true}), m2: stopped(OnDisk{Commit: 20}), chosen: "m2", says: "the only master with etcd data that can be the seed"},
		{name: "damaged data", m1: with(stopped(OnDisk{}), func(e *Evidence) {
			e.Damage, e.Disk = "damaged: the "+
				"record at byte 8", nil
		}), m2: stopped(OnDisk{Commit: 20}), says: "m2 could be the seed, but what m1 " +
			"has is not known, and it may be more; of m1: the data in /d cannot be used: damaged: the record at byte 8"},
		{name: "an image that is older than the data", m1: with(stopped(OnDisk{Commit: 99}), func(e *Evidence) { e.TooNew = "etcd 3.6.0 has written it" }), m2: stopped(OnDisk{Commit: 20}), says: "m1 has more than m2, and cannot be the seed as it is: etcd 3.6.0 has written it"},
		{name: "one of which another one knows that it was removed", m1: stopped(OnDisk{MemberID: 1, Commit: 99}), m2: stopped(OnDisk{MemberID: 2, Commit: 20, RemovedMembers: []etcd.ID{1}}), chosen: "m2", says: "m2 is the only master with etcd data that can be the seed"},
		{name: "two clusters", m1: stopped(OnDisk{Commit: 99, ClusterID: 8}), m2: stopped(OnDisk{Commit: 20}), says: "m1, m2 hold data of 2 different clusters"},
		{name: "one that runs and does not answer", m1: with(alone(0, nil), func(e *Evidence) { e.Status, e.StatusError, e.Unread = nil, "connection refused", errWritten.Error() }), m2: stopped(OnDisk{Commit: 20}), says: "what m1 has is not known, and it may be more; of m1: etcd runs there and does not answer (connection refused), and its data cannot be read beside it (somebody writes"},
		{name: "data that could not be judged", m1: with(stopped(OnDisk{}), func(e *Evidence) { e.Disk, e.Unread = nil, errWritten.Error() }), m2: stopped(OnDisk{Commit: 20}), says: "of m1: somebody writes to it at this moment"},
		{name: "nothing but damaged data", m1: with(stopped(OnDisk{}), func(e *Evidence) {
			e.Damage = "damaged: the " +
				"record at byte 8"
		}), m2: with(Evidence{Reach: Reached, DataDir: "/d"}, func(e *Evidence) { e.Empty = true }), says: "m1: the data in /d cannot be used: damaged: the record at byte 8\n  m2: /d is empty"},
		{name: "nothing but data that could not be judged", m1: with(stopped(OnDisk{}), func(e *Evidence) { e.Disk, e.Unread = nil, "gzip is missing" }), m2: Evidence{Reach: Reached, DataDir: "/d", Empty: true}, chosen: "m1", says: "m1 is the only master with readable etcd data"},
		{name: "a master that cannot be examined", m1: silent, m2: stopped(OnDisk{Commit: 20}), says: "what m1 has " +
			"is not known, and it may be more; of m1: it cannot be examined"},
		{name: "one that was given up", m1: silent, m2: stopped(OnDisk{Commit: 20}), lost: []string{"m1"}, chosen: "m2", says: "only master"},
		{name: "one with a problem, and less", m1: with(stopped(OnDisk{Commit: 19}), problem), m2: stopped(OnDisk{Commit: 20}), chosen: "m2", says: "the only master with etcd data that can be the seed"},
		{name: "one with a problem, and more", m1: with(stopped(OnDisk{Commit: 21}), problem), m2: stopped(OnDisk{Commit: 20}), says: "m1 has more than m2, and cannot be the seed as it is: the image is missing.\n  m1: the image is missing"},
		{name: "one whose paths are not known", m1: Evidence{Reach: Reached, Running: true, Problems: []string{"there are two manifests"}}, m2: stopped(OnDisk{Commit: 20}), says: "what m1 has is not known"},
		{name: "committed entries of different terms", m1: stopped(OnDisk{Commit: 20, FirstIndex: 1, Terms: term(1, 2)}), m2: stopped(OnDisk{Commit: 30, FirstIndex: 1, Terms: term(1, 3)}), says: "entry 20 is committed on m1 and on m2, with term 2 on the one and 3 on the other"},
		{name: "a later term that ends before what is committed", m1: stopped(OnDisk{Commit: 20, LastTerm: 2}), m2: stopped(OnDisk{Commit: 10, LastTerm: 3}), says: "m1 has committed entry 20, and the log of m2 ends with entry 10 in a later term"},
		{name: "other data at one revision", m1: with(alone(20, nil), func(e *Evidence) { e.Hash = &Hash{Revision: 20, Value: 1} }), m2: with(alone(20, nil), func(e *Evidence) { e.Hash = &Hash{Revision: 20, Value: 2} }), says: "m1 and m2 have different data at revision 20 (HashKV 1 and 2)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.m1.Name, c.m2.Name = "m1", "m2"
			name, reason, err := Choose(map[string]Evidence{"m1": c.m1, "m2": c.m2}, c.lost)
			if err != nil {
				reason = err.Error()
			}
			if name != c.chosen || !strings.Contains(reason, c.says) {
				t.Errorf("chosen %q: %s", name, reason)
			}
		})
	}
}

// TestLoss compares each master with the one whose data goes furthest.
func TestLoss(t *testing.T) {
	for _, c := range []struct {
		name   string
		m1, m2 Evidence
		want   Loss // of m1
		text   string
	}{
		{name: "none", m1: stopped(OnDisk{Commit: 20}), m2: stopped(OnDisk{Commit: 19})},
		{name: "its own tail", m1: stopped(OnDisk{Commit: 20, LastIndex: 23, KeptRevision: 15, LastRevision: 17, LastTerm: 2}), m2: stopped(OnDisk{Commit: 20, LastTerm: 2}),
			want: Loss{Entries: 3, Furthest: "m1", FromRevision: 16, ToRevision: 17},
			text: "a forced start on m1 keeps nothing of the last 3 entries in its own log; with them go revisions " +
				"16 to 17 at most"},
		{name: "the log of another one, on which no more is kept", m1: stopped(OnDisk{Commit: 20, KeptRevision: 15, LastRevision: 15, LastTerm: 2}), m2: stopped(OnDisk{Commit: 20, LastIndex: 21, KeptRevision: 15, LastRevision: 16, LastTerm: 2}),
			want: Loss{Entries: 1, Furthest: "m2", FromRevision: 16, ToRevision: 16},
			text: "a forced start on m1 keeps nothing of the last 1 entry in the log of m2; with them goes revision 16"},
		{name: "no write among them", m1: stopped(OnDisk{Commit: 20, LastIndex: 21, KeptRevision: 15, LastRevision: 15}), m2: stopped(OnDisk{Commit: 5}),
			want: Loss{Entries: 1, Furthest: "m1"}, text: "the last 1 entry in its own log; none of them is a write"},
		{name: "transactions that may have " +
			"failed", m1: stopped(OnDisk{Commit: 20, KeptLeast: 10, KeptRevision: 15, LastRevision: 15}), m2: stopped(OnDisk{Commit: 25, KeptLeast: 14, KeptRevision: 14, LastRevision: 14}),
			want: Loss{Entries: 5, Furthest: "m2", FromRevision: 11, ToRevision: 14, Ahead: []string{"m2"}}},
		{name: "one on which more is kept", m1: stopped(OnDisk{Commit: 20, KeptRevision: 15, LastRevision: 15}), m2: stopped(OnDisk{Commit: 25, KeptRevision: 18, LastRevision: 18}),
			want: Loss{Entries: 5, Furthest: "m2", FromRevision: 16, ToRevision: 18, Ahead: []string{"m2"}}},
		{name: "a longer log of an earlier term holds nothing that was " +
			"committed", m1: stopped(OnDisk{Commit: 20, LastIndex: 21, LastTerm: 3, KeptRevision: 20, LastRevision: 21}), m2: stopped(OnDisk{Commit: 20, LastIndex: 60, LastTerm: 2, KeptRevision: 20, LastRevision: 60}),
			want: Loss{Entries: 1, Furthest: "m1", FromRevision: 21, ToRevision: 21}},
		{name: "one that runs, with a tail", m1: alone(20, &Tail{24, 2}), m2: alone(20, &Tail{22, 2}), want: Loss{Entries: 4, Furthest: "m1", FromRevision: 21, ToRevision: 24}},
		{name: "a learner that has more", m1: stopped(OnDisk{Commit: 20, KeptRevision: 9}), m2: stopped(OnDisk{Commit: 22, KeptRevision: 11, Learner: true}), want: Loss{Entries: 2, Furthest: "m2", FromRevision: 10, ToRevision: 11}},
		{name: "a master of another " +
			"cluster", m1: stopped(OnDisk{Commit: 20}), m2: stopped(OnDisk{Commit: 90, ClusterID: 8})},
		{name: "a master that cannot be examined", m1: stopped(OnDisk{Commit: 20}), m2: Evidence{Reach: Silent}, want: Loss{Unjudged: []string{"m2"}}, text: "what m2 has is not known, and may be more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.m1.Name, c.m2.Name = "m1", "m2"
			got := Rank(map[string]Evidence{"m1": c.m1, "m2": c.m2}, nil).candidate("m1").Loss
			if !reflect.DeepEqual(got, c.want) || !strings.Contains(got.Text("m1"), c.text) {
				t.Errorf("got %+v: %s", got, got.Text("m1"))
			}
		})
	}
}

// TestTailOf reads where the log of a running member ends.
func TestTailOf(t *testing.T) {
	const zap = `{"level":"info","logger":"raft","msg":"8e9e05c52164694d [logterm: 2, index: 18] sent MsgPreVote request to 91bc3c398fb3c146 at term 2"}` + "\n"
	for _, c := range []struct {
		log  string
		want *Tail
	}{
		{"", nil},
		{zap, &Tail{18, 2}},
		{zap + strings.ReplaceAll(zap, "index: 18", "index: 19"), &Tail{19, 2}},
		{"raft: 8e9e05c52164694d [logterm: 3, index: 7] sent MsgVote request to 91bc3c398fb3c146 at term 5\n", &Tail{7, 3}},
		{`"8e9e05c52164694d [logterm: 9, index: 99, vote: 0] rejected MsgPreVote from 91bc3c398fb3c146 [logterm: 2, index: 18] at term 9"`, nil},
		{"[logterm: 2, index: 99999999999999999999] sent MsgVote request", nil},
	} {
		if got := tailOf(c.log); !reflect.DeepEqual(got, c.want) {
			t.Errorf("got %v of %q", got, c.log)
		}
	}
}

// TestCheckLess demands that a seed on which less is kept is accepted by name.
func TestCheckLess(t *testing.T) {
	for _, c := range []struct {
		name   string
		m1     Evidence
		less   []string
		forced bool
		says   string // "" where m1 may be the seed
	}{
		{name: "less", m1: stopped(OnDisk{Commit: 20}), says: "m1 is to be the seed, and a forced start would keep " +
			"more on m2"},
		{name: "less, and accepted", m1: stopped(OnDisk{Commit: 20}), less: []string{"m2"}},
		{name: "less, and another one accepted", m1: stopped(OnDisk{Commit: 20}), less: []string{"m1"}, says: `accept_less_than = ["m2"]`},
		{name: "less, and a master that is not there accepted", m1: stopped(OnDisk{Commit: 20}), less: []string{"m9"}, says: `"m9" is none of the surveyed nodes`},
		{name: "less, and the forced start was begun", m1: stopped(OnDisk{Commit: 20}), forced: true},
		{name: "as much", m1: stopped(OnDisk{Commit: 30})},
		{name: "not known", m1: with(stopped(OnDisk{}), func(e *Evidence) { e.Disk, e.Unread = nil, "gzip is missing" }), says: "how much of the data of m1 a forced start keeps is not known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m2 := stopped(OnDisk{Commit: 30})
			c.m1.Name, m2.Name = "m1", "m2"
			p := &SeedPlan{
				SeedRequest: SeedRequest{Node: "m1", Less: c.less},
				Evidence:    map[string]Evidence{"m1": c.m1, "m2": m2},
			}
			p.Loss = lossAs("m1", Rank(p.Evidence, nil))
			var journal *Journal
			if c.forced {
				journal = &Journal{Marks: map[string]string{markForcing: "begun"}}
			}
			err := p.checkLess(journal)
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}
