package planner

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestRank ranks masters by what a forced start would keep on each.
func TestRank(t *testing.T) {
	silent := recovery.Evidence{Reach: recovery.Silent, ReachError: "connection timed out"}
	image := func(i string) func(*recovery.Evidence) { return func(e *recovery.Evidence) { e.Image = i } }
	inPlace := func(e *recovery.Evidence) { e.ManifestPath = "/m/etcd.yaml" }
	problem := func(e *recovery.Evidence) { e.Problems = []string{"the image is missing"} }
	tooNew := func(why string) func(*recovery.Evidence) { return func(e *recovery.Evidence) { e.TooNew = why } }
	damage := func(what string) func(*recovery.Evidence) { return func(e *recovery.Evidence) { e.Damage = what } }
	hash := func(revision int64, value uint32) func(*recovery.Evidence) {
		return func(e *recovery.Evidence) { e.Hash = &recovery.Hash{Revision: revision, Value: value} }
	}
	untagged := image("etcd@sha256:01")
	running := func(silent string) func(*recovery.Evidence) {
		return func(e *recovery.Evidence) { e.Running, e.Unknown.Status = true, silent }
	}
	term := func(from, term uint64) []datadir.Term { return []datadir.Term{{From: from, Term: term}} }
	for _, c := range []struct {
		name   string
		m1, m2 recovery.Evidence
		lost   []string
		chosen string // "" for a refusal
		says   string
	}{
		{
			name:   "the database is ahead of the log's commit index",
			m1:     stopped(recovery.OnDisk{Commit: 10, ConsistentIndex: 30, LastIndex: 31}),
			m2:     stopped(recovery.OnDisk{Commit: 20, ConsistentIndex: 20, LastIndex: 40}),
			chosen: "m1",
			says:   "the log up to entry 30; next is m2 with 20",
		},
		{
			name:   "an etcd that goes by the log alone",
			m1:     with(stopped(recovery.OnDisk{Commit: 10, ConsistentIndex: 30, LastIndex: 31}), image(forgets)),
			m2:     with(stopped(recovery.OnDisk{Commit: 20, ConsistentIndex: 20, LastIndex: 40}), image(forgets)),
			chosen: "m2",
			says:   "the log up to entry 20; next is m1 with 10",
		},
		{
			name:   "an etcd that may go by the log alone",
			m1:     with(stopped(recovery.OnDisk{Commit: 10, ConsistentIndex: 30, LastIndex: 31}), untagged),
			m2:     with(stopped(recovery.OnDisk{Commit: 20, ConsistentIndex: 20, LastIndex: 40}), untagged),
			chosen: "m2",
			says:   "the log up to entry 20; next is m1 with 10",
		},
		{
			name:   "equal, and the last entry of a later term",
			m1:     stopped(recovery.OnDisk{Commit: 20, LastIndex: 40, LastTerm: 2}),
			m2:     stopped(recovery.OnDisk{Commit: 20, LastIndex: 21, LastTerm: 3}),
			chosen: "m2",
			says: "equally far (a forced start keeps the log up to entry 20 on either), and the log of m2 is the " +
				"longer one",
		},
		{
			name:   "equal, and a longer log",
			m1:     stopped(recovery.OnDisk{Commit: 20, LastIndex: 21, LastTerm: 2}),
			m2:     stopped(recovery.OnDisk{Commit: 20, LastIndex: 22, LastTerm: 2}),
			chosen: "m2",
			says:   "equally far",
		},
		{
			name:   "equal in everything",
			m1:     stopped(recovery.OnDisk{Commit: 20}),
			m2:     stopped(recovery.OnDisk{Commit: 20}),
			chosen: "m1",
			says:   "equally far",
		},
		{
			name:   "a running one that is ahead",
			m1:     stopped(recovery.OnDisk{Commit: 20}),
			m2:     alone(21, nil),
			chosen: "m2",
			says:   "entry 21",
		},
		{
			name:   "a running one that is behind",
			m1:     stopped(recovery.OnDisk{Commit: 20}),
			m2:     alone(19, nil),
			chosen: "m1",
			says:   "entry 20",
		},
		{
			name:   "two that run, and one has a longer log",
			m1:     alone(20, &recovery.Tail{Index: 20, Term: 2}),
			m2:     alone(20, &recovery.Tail{Index: 23, Term: 2}),
			chosen: "m2",
			says:   "the log of m2 is the longer one",
		},
		{
			name:   "a learner",
			m1:     stopped(recovery.OnDisk{Commit: 20, Learner: true}),
			m2:     stopped(recovery.OnDisk{Commit: 20}),
			chosen: "m2",
			says:   "the only master with etcd data that can be the seed",
		},
		{
			name: "a learner that has more",
			m1:   stopped(recovery.OnDisk{Commit: 99, Learner: true}),
			m2:   stopped(recovery.OnDisk{Commit: 20}),
			says: "m1 has more than m2, and cannot be the seed as it is: it is a learner",
		},
		{
			name:   "one that was removed",
			m1:     stopped(recovery.OnDisk{Commit: 20, Removed: true}),
			m2:     stopped(recovery.OnDisk{Commit: 20}),
			chosen: "m2",
			says:   "the only master with etcd data that can be the seed",
		},
		{
			name: "one that was removed, and has more",
			m1:   stopped(recovery.OnDisk{Commit: 99, Removed: true}),
			m2:   stopped(recovery.OnDisk{Commit: 20}),
			says: "m1 has more than m2, and cannot be the seed as it is: its member was removed",
		},
		{
			name: "damaged data",
			m1:   damaged("damaged: the record at byte 8"),
			m2:   stopped(recovery.OnDisk{Commit: 20}),
			says: "the data of m1 is not known, and it may be more than that of m2; of m1: the data in /d " +
				"cannot be used: damaged: the record at byte 8",
		},
		{
			name: "an image that is older than the data",
			m1:   with(stopped(recovery.OnDisk{Commit: 99}), tooNew("etcd 3.6.0 has written it")),
			m2:   stopped(recovery.OnDisk{Commit: 20}),
			says: "m1 has more than m2, and cannot be the seed as it is: etcd 3.6.0 has written it",
		},
		{
			name:   "one of which another one knows that it was removed",
			m1:     stopped(recovery.OnDisk{MemberID: 1, Commit: 99}),
			m2:     stopped(recovery.OnDisk{MemberID: 2, Commit: 20, RemovedMembers: []etcd.ID{1}}),
			chosen: "m2",
			says:   "m2 is the only master with etcd data that can be the seed",
		},
		{
			name: "two clusters",
			m1:   stopped(recovery.OnDisk{Commit: 99, ClusterID: 8}),
			m2:   stopped(recovery.OnDisk{Commit: 20}),
			says: "m1, m2 hold data of 2 different clusters",
		},
		{
			name: "one that runs and does not answer",
			m1:   with(with(unjudged("somebody writes to it at this moment"), running("connection refused")), inPlace),
			m2:   stopped(recovery.OnDisk{Commit: 20}),
			says: "the data of m1 is not known, and it may be more than that of m2; of m1: etcd runs there and does " +
				"not answer (connection refused), and its data cannot be read beside it (somebody writes",
		},
		{
			name: "data that could not be judged",
			m1:   unjudged("somebody writes to it at this moment"),
			m2:   stopped(recovery.OnDisk{Commit: 20}),
			says: "of m1: somebody writes to it at this moment",
		},
		{
			name: "nothing but damaged data",
			m1:   with(stopped(recovery.OnDisk{}), damage("damaged: the record at byte 8")),
			m2:   empty(),
			says: "m1: the data in /d cannot be used: damaged: the record at byte 8\n  m2: /d is empty",
		},
		{
			name:   "nothing but data that could not be judged",
			m1:     unjudged("gzip is missing"),
			m2:     empty(),
			chosen: "m1",
			says:   "m1 is the only master with readable etcd data",
		},
		{
			name: "a master that cannot be examined",
			m1:   silent,
			m2:   stopped(recovery.OnDisk{Commit: 20}),
			says: "the data of m1 is not known, and it may be more than that of m2; of m1: it cannot be examined",
		},
		{
			name:   "one that was given up",
			m1:     silent,
			m2:     stopped(recovery.OnDisk{Commit: 20}),
			lost:   []string{"m1"},
			chosen: "m2",
			says:   "only master",
		},
		{
			name:   "one with a problem, and less",
			m1:     with(stopped(recovery.OnDisk{Commit: 19}), problem),
			m2:     stopped(recovery.OnDisk{Commit: 20}),
			chosen: "m2",
			says:   "the only master with etcd data that can be the seed",
		},
		{
			name: "one with a problem, and more",
			m1:   with(stopped(recovery.OnDisk{Commit: 21}), problem),
			m2:   stopped(recovery.OnDisk{Commit: 20}),
			says: "m1 has more than m2, and cannot be the seed as it is: the image is missing.\n\nWhat to do",
		},
		{
			name: "one whose paths are not known",
			m1: recovery.Evidence{
				Reach:    recovery.Reached,
				Running:  true,
				Problems: []string{"there are two manifests"},
			},
			m2:   stopped(recovery.OnDisk{Commit: 20}),
			says: "the data of m1 is not known, and it may be more than that of m2; of m1: there are two manifests.",
		},
		{
			name: "committed entries of different terms",
			m1:   stopped(recovery.OnDisk{Commit: 20, FirstIndex: 1, Terms: term(1, 2)}),
			m2:   stopped(recovery.OnDisk{Commit: 30, FirstIndex: 1, Terms: term(1, 3)}),
			says: "entry 20 is committed on m1 and on m2, with term 2 on the one and 3 on the other",
		},
		{
			name: "a later term that ends before what is committed",
			m1:   stopped(recovery.OnDisk{Commit: 20, LastTerm: 2}),
			m2:   stopped(recovery.OnDisk{Commit: 10, LastTerm: 3}),
			says: "m1 has committed entry 20, and the log of m2 ends with entry 10 in a later term",
		},
		{
			name: "other data at one revision",
			m1:   with(alone(20, nil), hash(20, 1)),
			m2:   with(alone(20, nil), hash(20, 2)),
			says: "m1 and m2 have different data at revision 20 (HashKV 1 and 2)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.m1.Name, c.m2.Name = "m1", "m2"
			name, reason, err := Choose(recovery.Survey{c.m1, c.m2}, c.lost)
			if err != nil {
				reason = err.Error()
			}
			if name != c.chosen || !strings.Contains(reason, c.says) {
				t.Errorf("chosen %q: %s", name, reason)
			}
		})
	}
}
