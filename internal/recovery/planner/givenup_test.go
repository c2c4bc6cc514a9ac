package planner

import (
	"slices"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

func silentAt(name, host string) recovery.Evidence {
	return recovery.Evidence{Name: name, Host: host, Reach: recovery.Silent, ReachError: "no route to host. Is it on?"}
}

// TestGivenUpTogether has members that none of the nodes is, beside nodes that are not examined: what may be given up
// is in one list, and nothing that answers, or may be on a machine that answers, is in any.
func TestGivenUpTogether(t *testing.T) {
	const m2, m3 = "https://10.0.0.12:2380", "https://10.0.0.13:2380"
	m := three()
	five := append(three(), peer(4, "m4", "10.0.0.14"), peer(5, "m5", "10.0.0.15"))
	refused := silentAt("m3", "192.168.0.13")
	refused.Reach, refused.ReachError = recovery.Refused, "permission denied"
	hears := at(disk(7, 20, m...), m[0])
	hears.Peers = []recovery.Peer{{Name: "m2", URL: m2, Answers: true}}
	learner := m[2]
	learner.Learner = true
	tells := at(with(alone(99, nil), func(e *recovery.Evidence) {
		e.Status.Learner, e.Status.Leader = true, 1
		e.Members = []etcd.Member{m[0], m[1], learner, peer(4, "m4", "10.0.0.14")}
	}), m[2])
	for name, c := range map[string]struct {
		survey   recovery.Survey
		lost     []string
		want     []recovery.Code
		says     string
		conceals []string
	}{
		"two off, at other addresses than their members": {
			survey: recovery.Survey{
				at(disk(7, 20, m...), m[0]), silentAt("m2", "192.168.0.12"), silentAt("m3", "192.168.0.13"),
			},
			want: []recovery.Code{recovery.CodeUnreachable},
			says: `m2 does not answer: no route to host. Is it on.
m3 does not answer: no route to host. Is it on. Their etcd may still run where you cannot see it.
m1 knows of members at other addresses than SSH was given: m2 (` + m2 + `); m3 (` + m3 + `).`,
		},
		"one off, whose name is a member's and whose host name says nothing of an address": {
			survey: recovery.Survey{at(disk(7, 20, m...), m[0]), silentAt("m2", "m2.example"), at(empty(), m[2])},
			want:   []recovery.Code{recovery.CodeUnreachable},
			says:   `lost_nodes = ["m2", "` + m2 + `"]`,
		},
		"and given up by that name alone": {
			survey: recovery.Survey{at(disk(7, 20, m...), m[0]), silentAt("m2", "m2.example"), at(empty(), m[2])},
			lost:   []string{"m2"},
			want:   []recovery.Code{recovery.CodeMemberNotSurveyed},
			says:   `lost_nodes = ["m2", "` + m2 + `"]`,
		},
		"and given up by name": {
			survey: recovery.Survey{
				at(disk(7, 20, m...), m[0]), silentAt("m2", "192.168.0.12"), silentAt("m3", "192.168.0.13"),
			},
			lost: []string{"m2", "m3", m2},
			want: []recovery.Code{recovery.CodeMemberNotSurveyed},
			says: `lost_nodes = ["m2", "m3", "` + m2 + `", "` + m3 + `"]`,
		},
		"one off, which two more that nobody has looked at cannot be": {
			survey:   recovery.Survey{at(disk(7, 20, five...), m[0]), silentAt("m2", "10.0.0.12"), at(empty(), m[2])},
			want:     []recovery.Code{recovery.CodeUnreachable, recovery.CodeMemberNotSurveyed},
			says:     `lost_nodes = ["m2"]`,
			conceals: []string{`lost_nodes = ["m2", "https`},
		},
		"one off, and one that refuses the login and may be one of the members": {
			survey:   recovery.Survey{at(disk(7, 20, m...), m[0]), silentAt("m2", "192.168.0.12"), refused},
			want:     []recovery.Code{recovery.CodeAccessRefused, recovery.CodeUnreachable},
			says:     `lost_nodes = ["m2"]`,
			conceals: []string{m3},
		},
		"two off, and a node reaches the etcd of one": {
			survey:   recovery.Survey{hears, silentAt("m2", "192.168.0.12"), silentAt("m3", "192.168.0.13")},
			want:     []recovery.Code{recovery.CodeReachableFromPeers},
			says:     "m1 reaches the etcd of m2",
			conceals: []string{"lost_nodes ="},
		},
		"two given up, and a node reaches the etcd of one": {
			survey:   recovery.Survey{hears, silentAt("m2", "192.168.0.12"), silentAt("m3", "192.168.0.13")},
			lost:     []string{"m2", "m3"},
			want:     []recovery.Code{recovery.CodeMemberNotSurveyed},
			says:     `lost_nodes = ["m2", "m3", "` + m3 + `"]`,
			conceals: []string{`"` + m2 + `"`},
		},
		"a learner alone knows of one": {
			survey: recovery.Survey{
				at(disk(7, 20, m[0], m[1], learner), m[0]), silentAt("m2", "192.168.0.12"),
				silentAt("m9", "192.168.0.9"), tells,
			},
			want: []recovery.Code{recovery.CodeUnreachable},
			says: "m3 knows of members at other addresses",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := DecideSeed(c.survey, SeedRequest{RecoveryID: "test", Lost: c.lost})
			var codes []recovery.Code
			for _, r := range recovery.Refusals(err) {
				codes = append(codes, r.Code)
			}
			if !slices.Equal(codes, c.want) || !strings.Contains(texts(err), c.says) {
				t.Fatalf("got %v, want %v and %q:\n%s", codes, c.want, c.says, texts(err))
			}
			for _, words := range c.conceals {
				if strings.Contains(texts(err), words) {
					t.Errorf("it says %s:\n%s", words, texts(err))
				}
			}
		})
	}
	all := []string{"m2", "m3", m2, m3}
	s := recovery.Survey{
		at(disk(7, 20, m...), m[0]), silentAt("m2", "192.168.0.12"), silentAt("m3", "192.168.0.13"),
	}
	if _, err := DecideSeed(s, SeedRequest{RecoveryID: "test", Lost: all}); err != nil {
		t.Errorf("as advised: %v", err)
	}
}

// texts are all that an error says.
func texts(err error) string {
	var all []string
	for _, r := range recovery.Refusals(err) {
		all = append(all, r.Detail())
	}
	return strings.Join(all, "\n")
}

// TestLearnerIsHeard has a voter with data, and a learner that runs and has not heard of that voter yet.
func TestLearnerIsHeard(t *testing.T) {
	m := three()
	learner := m[2]
	learner.Learner = true
	l := at(with(alone(99, nil), func(e *recovery.Evidence) {
		e.Status.Learner, e.Status.Leader, e.Members = true, 1, []etcd.Member{m[0], learner}
	}), m[2])
	voter := at(stopped(recovery.OnDisk{
		ClusterID: 7, Commit: 101, ConsistentIndex: 95, LastIndex: 101, LastTerm: 2, KeptRevision: 90, Revision: 90,
		Members: []etcd.Member{m[0], m[1], learner},
	}), m[1])
	p, err := DecideSeed(recovery.Survey{at(empty(), m[0]), voter, l}, SeedRequest{RecoveryID: "test"})
	if err != nil || p.Node != "m2" {
		t.Errorf("planned %+v: %v", p, err)
	}
}

// TestGrownFromSeed has a recovery whose forced start was verified, with the flag still in the folder, beside a cluster
// that answers, and a node that has more than that.
func TestGrownFromSeed(t *testing.T) {
	old := []etcd.Member{peer(4, "a4", "10.0.0.14"), peer(1, "m1", "10.0.0.11"), peer(5, "m5", "10.0.0.15")}
	grown := []etcd.Member{peer(1, "m1", "10.0.0.11"), peer(22, "m2", "10.0.0.12"), peer(33, "m3", "10.0.0.13")}
	whole := with(disk(7, 23, grown...), func(e *recovery.Evidence) { e.Disk.RemovedMembers = []etcd.ID{4, 5} })
	expired := with(unjudged("somebody writes to it at this moment"), func(e *recovery.Evidence) {
		e.Running, e.Unknown.Status = true, "x509: certificate has expired"
	})
	forced := func(e recovery.Evidence) recovery.Evidence {
		e = at(e, grown[0])
		journal := begunAt("test", "m1", recovery.PhaseForced)
		journal.Cluster, journal.Member = 7, 1
		e.ForceFlag, e.Journals = e.ManifestPath, []recovery.Journal{journal}
		return e
	}
	alive := func(seed recovery.Evidence) recovery.Survey { // it was grown by hand, and a4 had been given up
		return surveyed(
			at(disk(7, 30, old...), old[0]), forced(seed),
			at(quorum(7, 25, grown...), grown[1]), at(quorum(7, 25, grown...), grown[2]),
		)
	}
	other := peer(22, "m2", "10.0.0.12")
	anew := surveyed(at(disk(7, 30, old...), old[0]), forced(empty()), at(quorum(7, 3, old...), old[2]))
	founded := surveyed(forced(disk(7, 800, grown[0])), at(quorum(8, 3, other), other), at(empty(), three()[2]))
	for name, c := range map[string]struct {
		survey recovery.Survey
		want   recovery.Code
	}{
		"the seed is wiped":                      {alive(empty()), recovery.CodeClusterAlive},
		"the seed is damaged":                    {alive(damaged("wal: crc mismatch")), recovery.CodeClusterAlive},
		"the seed runs, and does not let us in":  {alive(expired), recovery.CodeClusterAlive},
		"the seed is stopped":                    {alive(whole), recovery.CodeClusterAlive},
		"wiped members founded the old one anew": {anew, recovery.CodeClusterBehind},
		"another one was founded, and has less":  {founded, recovery.CodeClusterBehind},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := DecideSeed(c.survey, SeedRequest{RecoveryID: "test"}); recovery.CodeOf(err) != c.want {
				t.Errorf("got %q, want %q: %v", recovery.CodeOf(err), c.want, err)
			}
		})
	}
}
