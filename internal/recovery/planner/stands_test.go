package planner

import (
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestStands has refusals of a second apply: they change nothing, and say what the first has changed.
func TestStands(t *testing.T) {
	began := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	join := func(j recovery.Journal) []recovery.Journal {
		j.Operation, j.Master, j.Started = recovery.OperationMember, "m2", began
		return []recovery.Journal{j}
	}
	for _, c := range []struct {
		name     string
		journals []recovery.Journal
		want     string
	}{
		{
			name: "the first",
			want: recovery.NothingTouched,
		},
		{
			name: "added",
			journals: join(recovery.Journal{
				Phase:   recovery.PhaseAdded,
				Learner: "8e9e",
				Places:  recovery.Places{Data: "/old", Whole: true},
			}),
			want: "nothing this time. An earlier apply left it so: m2 was added to the cluster as learner " +
				"8e9e, which does not count for the quorum; its data from before is in /old. The other members " +
				"work on.",
		},
		{
			name:     "stopped",
			journals: join(recovery.Journal{Phase: recovery.PhaseBegun, Removed: "8e9e"}),
			want: "nothing this time. An earlier apply left it so: etcd may be stopped on m2, with its " +
				"manifest at /parked. Its data is where it was, and the other members work on. The entry that was " +
				"left of it (8e9e) is removed from the cluster, so going on is the way.",
		},
		{
			name: "about to be moved",
			journals: join(recovery.Journal{
				Phase:  recovery.PhaseMoving,
				Places: recovery.Places{Data: "/old", WAL: "/oldwal"},
			}),
			want: "nothing this time. An earlier apply left it so: etcd is stopped on m2, and its data from " +
				"before may be in /old already, or partly in /old.moving, its log in /oldwal, or partly in " +
				"/oldwal.moving. The other members work on. Going on is the way: do not put its manifest back over " +
				"an empty data folder.",
		},
		{
			name: "a voter",
			journals: join(recovery.Journal{
				Phase:  recovery.PhaseVoter,
				Voter:  "8e9e",
				Places: recovery.Places{Data: "/old", Whole: true},
			}),
			want: "nothing this time. An earlier apply left it so: m2 is a voter of the cluster now, as member " +
				"8e9e; its data from before is in /old. What is left is to check the end state.",
		},
		{
			name: "finished",
			journals: []recovery.Journal{{
				Operation: recovery.OperationMember,
				Master:    "m2",
				Started:   began,
				Ended:     began,
				Phase:     recovery.PhaseFinished,
				Learner:   "8e9e",
			}},
			want: recovery.NothingTouched,
		},
		{
			name: "a join of the cluster before the recovery",
			want: recovery.NothingTouched,
			journals: []recovery.Journal{
				{
					Operation: recovery.OperationMember,
					Master:    "m2",
					Started:   began,
					Phase:     recovery.PhaseAdded,
					Learner:   "8e9e",
				},
				{
					Operation: recovery.OperationSeed,
					Master:    "m2",
					Started:   began.Add(time.Hour),
					Ended:     began.Add(2 * time.Hour),
					Phase:     recovery.PhaseFinished,
				},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := DecideMember(
				recovery.Evidence{
					Name:     "m2",
					Reach:    recovery.Reached,
					Problems: []string{"no kubelet"},
					Parked:   "/parked",
					Journals: c.journals,
				},
				recovery.Cluster{},
				false,
			)
			if r, ok := recovery.IsRefusal(err); !ok || r.Untouched != c.want {
				t.Errorf("got %v", err)
			}
		})
	}
	seed := recovery.Evidence{
		Name:     "m1",
		Reach:    recovery.Reached,
		Problems: []string{"no kubelet"},
		Journals: []recovery.Journal{
			{
				Operation: "seed",
				ID:        "test",
				Master:    "m1",
				Started:   began,
				Phase:     recovery.PhaseForcing,
				Moved:     []string{"m1", "m2"},
				Places:    recovery.Places{Data: "/old", Whole: true},
			},
		},
	}
	_, err := DecideSeed(
		recovery.Survey{seed, {Name: "m2", Reach: recovery.Refused, ReachError: "no"}},
		SeedRequest{RecoveryID: "test"},
	)
	if err == nil ||
		!strings.Contains(
			err.Error(),
			"An earlier apply left it so: etcd may have rewritten its log on m1 with the force flag, which was not "+
				"confirmed yet; its data from before is whole in /old. Going on is the way.",
		) {
		t.Errorf("got %v", err)
	}
}

// TestSpent has a master that a join had made a voter, and that is to join once more.
func TestSpent(t *testing.T) {
	journal := recovery.Journal{
		Operation: "member",
		ID:        "1",
		Master:    "m2",
		Started:   time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC),
		Phase:     recovery.PhaseVoter,
		Voter:     "2",
		Learner:   "2",
		Places:    recovery.Places{Data: "/old/1", Whole: true},
	}
	etcd2 := etcd.Member{ID: 2, Name: "m2", PeerURLs: []string{"https://m2:2380"}}
	etcd1 := etcd.Member{ID: 1, Name: "m1", PeerURLs: []string{"https://m1:2380"}}
	for _, c := range []struct {
		name  string
		live  []etcd.Member
		empty bool
		want  string // where its data goes
	}{
		{
			name:  "one that does not answer",
			live:  []etcd.Member{etcd1, etcd2},
			empty: false,
			want:  "/old/1",
		},
		{
			name:  "one that was removed",
			live:  []etcd.Member{etcd1},
			empty: false,
			want:  "/old/2",
		},
		{
			name:  "one that has another ID now",
			live:  []etcd.Member{etcd1, {ID: 3, Name: "m2", PeerURLs: etcd2.PeerURLs}},
			empty: false,
			want:  "/old/2",
		},
		{
			name:  "one whose disk was wiped",
			live:  []etcd.Member{etcd1, etcd2},
			empty: true,
			want:  "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := recovery.Evidence{
				Name:       "m2",
				Reach:      recovery.Reached,
				Manifest:   "x",
				Kubelet:    recovery.Kubelet{Running: true},
				MemberName: "m2",
				PeerURLs:   etcd2.PeerURLs,
				DataDir:    "/d",
				OldData:    "/old/2",
				Empty:      c.empty,
				Journals:   []recovery.Journal{journal},
				Live:       &recovery.Live{ClusterID: 7, Members: c.live},
			}
			p, err := DecideMember(e, recovery.Cluster{ID: "7"}, true)
			if err != nil {
				t.Fatal(err)
			}
			if Unfinished(e) != (c.want == "/old/1") {
				t.Error("a join that is not gone on with has to be finished")
			}
			if p.OldData != c.want || (p.Resumes != "") != (c.want == "/old/1") ||
				strings.Contains(p.Resumes, "; what it has left in /d is kept at /old/2") != (c.want == "/old/1") {
				t.Errorf("its data goes to %q; it goes on: %q", p.OldData, p.Resumes)
			}
		})
	}
}
