package planner

import (
	"reflect"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestLoss compares each master with the one whose data goes furthest.
func TestLoss(t *testing.T) {
	for _, c := range []struct {
		name   string
		m1, m2 recovery.Evidence
		want   Loss // of m1
		text   string
	}{
		{
			name: "none",
			m1:   stopped(recovery.OnDisk{Commit: 20}),
			m2:   stopped(recovery.OnDisk{Commit: 19}),
		},
		{
			name: "its own tail",
			m1:   stopped(recovery.OnDisk{Commit: 20, LastIndex: 23, KeptRevision: 15, LastRevision: 17, LastTerm: 2}),
			m2:   stopped(recovery.OnDisk{Commit: 20, LastTerm: 2}),
			want: Loss{Entries: 3, Furthest: "m1", FromRevision: 16, ToRevision: 17},
			text: "a forced start on m1 keeps nothing of the last 3 entries in its own log; with them go revisions " +
				"16 to 17 at most",
		},
		{
			name: "the log of another one, on which no more is kept",
			m1:   stopped(recovery.OnDisk{Commit: 20, KeptRevision: 15, LastRevision: 15, LastTerm: 2}),
			m2:   stopped(recovery.OnDisk{Commit: 20, LastIndex: 21, KeptRevision: 15, LastRevision: 16, LastTerm: 2}),
			want: Loss{Entries: 1, Furthest: "m2", FromRevision: 16, ToRevision: 16},
			text: "a forced start on m1 keeps nothing of the last 1 entry in the log of m2; with them goes revision 16",
		},
		{
			name: "no write among them",
			m1:   stopped(recovery.OnDisk{Commit: 20, LastIndex: 21, KeptRevision: 15, LastRevision: 15}),
			m2:   stopped(recovery.OnDisk{Commit: 5}),
			want: Loss{Entries: 1, Furthest: "m1"},
			text: "the last 1 entry in its own log; none of them is a write",
		},
		{
			name: "transactions that may have failed",
			m1:   stopped(recovery.OnDisk{Commit: 20, KeptLeast: 10, KeptRevision: 15, LastRevision: 15}),
			m2:   stopped(recovery.OnDisk{Commit: 25, KeptLeast: 14, KeptRevision: 14, LastRevision: 14}),
			want: Loss{Entries: 5, Furthest: "m2", FromRevision: 11, ToRevision: 14, Ahead: []string{"m2"}},
		},
		{
			name: "one on which more is kept",
			m1:   stopped(recovery.OnDisk{Commit: 20, KeptRevision: 15, LastRevision: 15}),
			m2:   stopped(recovery.OnDisk{Commit: 25, KeptRevision: 18, LastRevision: 18}),
			want: Loss{Entries: 5, Furthest: "m2", FromRevision: 16, ToRevision: 18, Ahead: []string{"m2"}},
		},
		{
			name: "a longer log of an earlier term holds nothing that was committed",
			m1:   stopped(recovery.OnDisk{Commit: 20, LastIndex: 21, LastTerm: 3, KeptRevision: 20, LastRevision: 21}),
			m2:   stopped(recovery.OnDisk{Commit: 20, LastIndex: 60, LastTerm: 2, KeptRevision: 20, LastRevision: 60}),
			want: Loss{Entries: 1, Furthest: "m1", FromRevision: 21, ToRevision: 21},
		},
		{
			name: "one that runs, with a tail",
			m1:   alone(20, &recovery.Tail{Index: 24, Term: 2}),
			m2:   alone(20, &recovery.Tail{Index: 22, Term: 2}),
			want: Loss{Entries: 4, Furthest: "m1", FromRevision: 21, ToRevision: 24},
		},
		{
			name: "a learner that has more",
			m1:   stopped(recovery.OnDisk{Commit: 20, KeptRevision: 9}),
			m2:   stopped(recovery.OnDisk{Commit: 22, KeptRevision: 11, Learner: true}),
			want: Loss{Entries: 2, Furthest: "m2", FromRevision: 10, ToRevision: 11, Ahead: []string{"m2"}},
		},
		{
			name: "one that cannot be the seed as it is, and has more",
			m1:   stopped(recovery.OnDisk{Commit: 20, KeptRevision: 9}),
			m2:   with(stopped(recovery.OnDisk{Commit: 22, KeptRevision: 11}), expired),
			want: Loss{Entries: 2, Furthest: "m2", FromRevision: 10, ToRevision: 11, Ahead: []string{"m2"}},
		},
		{
			name: "one that was removed from what the other one went on with",
			m1:   stopped(recovery.OnDisk{MemberID: 1, Commit: 20, KeptRevision: 9, RemovedMembers: []etcd.ID{2}}),
			m2:   stopped(recovery.OnDisk{MemberID: 2, Commit: 22, KeptRevision: 11}),
			want: Loss{Entries: 2, Furthest: "m2", FromRevision: 10, ToRevision: 11},
		},
		{
			name: "a master of another cluster",
			m1:   stopped(recovery.OnDisk{Commit: 20}),
			m2:   stopped(recovery.OnDisk{Commit: 90, ClusterID: 8}),
		},
		{
			name: "a master that cannot be examined",
			m1:   stopped(recovery.OnDisk{Commit: 20}),
			m2:   recovery.Evidence{Reach: recovery.Silent},
			want: Loss{Unjudged: []string{"m2"}},
			text: "what m2 has is not known, and may be more",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.m1.Name, c.m2.Name = "m1", "m2"
			got := Rank(recovery.Survey{c.m1, c.m2}, nil).candidate("m1").Loss
			if !reflect.DeepEqual(got, c.want) || !strings.Contains(got.Text("m1"), c.text) {
				t.Errorf("got %+v: %s", got, got.Text("m1"))
			}
		})
	}
}

func expired(e *recovery.Evidence) { e.Problems = []string{"the certificate server.crt has expired"} }

// TestOthersCountWithProblems prices what a node has that cannot be the seed as it is.
func TestOthersCountWithProblems(t *testing.T) {
	for name, change := range map[string]func(*recovery.Evidence){
		"the certificate server.crt has expired": expired,
		"etcd 3.7.0 has written it":              func(e *recovery.Evidence) { e.TooNew = "etcd 3.7.0 has written it" },
		"it is a learner":                        func(e *recovery.Evidence) { e.Disk.Learner = true },
		"its member was removed":                 func(e *recovery.Evidence) { e.Disk.Removed = true },
	} {
		t.Run(name, func(t *testing.T) {
			m2 := with(stopped(recovery.OnDisk{Commit: 8909, MemberID: 2}), change)
			m2.Name, m2.Manifest = "m2", "x"
			all := map[string]recovery.Evidence{
				"m1": seedable(), "m2": m2, "m3": bare("m3"), "m4": bare("m4"), "m5": bare("m5"),
			}
			_, err := DecideSeed(recovery.SurveyOf(all), SeedRequest{Node: "m1", RecoveryID: "test"})
			r, ok := recovery.IsRefusal(err)
			if !ok || r.Code != recovery.CodeOthersHaveMore ||
				!strings.Contains(r.Found, "the last 8900 entries in the log of m2") ||
				!strings.Contains(r.Next, "m2 cannot be the seed as it is ("+name) ||
				!strings.Contains(r.Next, `accept_less_than = ["m2"]`) {
				t.Fatalf("got %v", err)
			}
			p, err := DecideSeed(recovery.SurveyOf(all), SeedRequest{Node: "m1", RecoveryID: "test", Less: []string{"m2"}})
			if err != nil || p.Loss.Entries != 8900 {
				t.Errorf("it is accepted: %v", err)
			}
			if _, err := DecideSeed(
				recovery.SurveyOf(all),
				SeedRequest{RecoveryID: "test"},
			); recovery.CodeOf(
				err,
			) != recovery.CodeSeedUndecided {
				t.Errorf("without a node: %v", err)
			}
		})
	}
}

// TestCheckLess demands that a seed on which less is kept is accepted by name.
func TestCheckLess(t *testing.T) {
	for _, c := range []struct {
		name string
		m1   recovery.Evidence
		less []string
		says string // "" where m1 may be the seed
	}{
		{
			name: "less",
			m1:   stopped(recovery.OnDisk{Commit: 20}),
			says: "m1 is to be the seed, and a forced start would keep more on m2",
		},
		{
			name: "less, and accepted",
			m1:   stopped(recovery.OnDisk{Commit: 20}),
			less: []string{"m2"},
		},
		{
			name: "less, and another one accepted",
			m1:   stopped(recovery.OnDisk{Commit: 20}),
			less: []string{"m1"},
			says: `accept_less_than = ["m2"]`,
		},
		{
			name: "less, and a master that is not there accepted",
			m1:   stopped(recovery.OnDisk{Commit: 20}),
			less: []string{"m9"},
			says: `"m9" is none of the surveyed nodes`,
		},
		{
			name: "as much",
			m1:   stopped(recovery.OnDisk{Commit: 30}),
		},
		{
			name: "not known",
			m1:   unjudged("gzip is missing"),
			says: "how much of the data of m1 a forced start keeps is not known",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m2 := stopped(recovery.OnDisk{Commit: 30})
			c.m1.Name, m2.Name = "m1", "m2"
			d := decisionFor(recovery.Survey{c.m1, m2}, SeedRequest{Node: "m1", Less: c.less})
			err := d.requestIsSound()
			if err == nil {
				err = d.priceIsAccepted()
			}
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// decisionFor is a decision whose seed is named.
func decisionFor(s recovery.Survey, req SeedRequest) *seedDecision {
	d := &seedDecision{Census: takeCensus(s), plan: &SeedPlan{SeedRequest: req, Evidence: s}}
	d.seed = d.Census.find(req.Node)
	return d
}
