package planner

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestPlainlyAlive has a cluster that answers beside a node of which one or the other is known. Nobody is told to stop
// what may be needed for its quorum.
func TestPlainlyAlive(t *testing.T) {
	members := []etcd.Member{
		{ID: 1, Name: "m1", PeerURLs: []string{"https://10.0.0.11:2380"}},
		{ID: 2, Name: "m2", PeerURLs: []string{"https://10.0.0.12:2380"}},
		{ID: 3, Name: "m3", PeerURLs: []string{"https://10.0.0.13:2380"}},
	}
	serves := func(i int) recovery.Evidence {
		return with(alone(50, nil), func(e *recovery.Evidence) {
			e.Quorum, e.Members, e.Status.Leader, e.Status.MemberID = true, members, 1, members[i].ID
		})
	}
	third := func(e recovery.Evidence, change ...func(*recovery.Evidence)) recovery.Evidence {
		for _, c := range change {
			c(&e)
		}
		return e
	}
	running := func(e *recovery.Evidence) {
		e.Running, e.Unknown.Status = true, "tls: failed to verify certificate: x509: certificate has expired"
	}
	stray := func(e *recovery.Evidence) {
		*e = recovery.Evidence{
			Reach: recovery.Reached, NoManifest: true, StrayData: "/var/lib/etcd", Running: e.Running,
			Problems: []string{"no file in /m is an etcd static pod: put it into /parked, then plan again"},
		}
	}
	left := func(e *recovery.Evidence) {
		e.Disk.MemberID, e.LeftBy = 9, "before"
	}
	older := recovery.OnDisk{ConsistentIndex: 40, MemberID: 3, KeptRevision: 40, Members: members}
	ahead := recovery.OnDisk{ConsistentIndex: 60, MemberID: 9, KeptRevision: 50, Members: members}
	other := recovery.OnDisk{ClusterID: 8, ConsistentIndex: 40, MemberID: 3, KeptRevision: 40}
	for name, c := range map[string]struct {
		m3       recovery.Evidence
		code     recovery.Code
		says     string
		not      string
		plainEnd bool // nothing is said beyond who answers
	}{
		"it is behind":  {m3: stopped(older), code: recovery.CodeClusterAlive, plainEnd: true},
		"it is empty":   {m3: empty(), code: recovery.CodeClusterAlive, plainEnd: true},
		"it is damaged": {m3: damaged("crc"), code: recovery.CodeClusterAlive, says: "; what m3 has was not read"},
		"it runs, denies us, and is written to": {
			m3:   third(unjudged("somebody writes to it at this moment"), running),
			code: recovery.CodeClusterAlive, says: "; what m3 has was not read", not: "stop etcd",
		},
		"its manifest is gone": {
			m3: third(empty(), stray), code: recovery.CodeDataUnknown,
			says: "m3: there is data in /var/lib/etcd, and no etcd manifest says whose", not: "plan again; ",
		},
		"its manifest is gone, and etcd runs": {
			m3: third(third(empty(), running), stray), code: recovery.CodeDataUnknown, says: "put it into /parked",
			not: "moving its manifest away",
		},
		"its disk is not mounted": {
			m3:   third(empty(), func(e *recovery.Evidence) { e.Empty, e.Unknown.Data = false, "/d is not mounted" }),
			code: recovery.CodeDataUnknown, says: "m3: mount the disk",
		},
		"it has data of another cluster": {
			m3: stopped(other), code: recovery.CodeClusterAlive, says: "; the data of m3 is of another history",
		},
		"a recovery left it": {m3: third(stopped(ahead), left), code: recovery.CodeClusterAlive, plainEnd: true},
	} {
		s := recovery.SurveyOf(map[string]recovery.Evidence{"m1": serves(0), "m2": serves(1), "m3": c.m3})
		live := &recovery.Live{ClusterID: 7, Members: members, Commit: 50, Term: 2, Revision: 50}
		for i := range s {
			s[i].Live = live
			if s[i].MemberName == "" && !s[i].NoManifest {
				s[i].MemberName, s[i].PeerURLs = members[i].Name, members[i].PeerURLs
			}
		}
		_, err := DecideSeed(s, SeedRequest{RecoveryID: "test"})
		text := err.Error()
		has := func(part string) bool { return strings.Contains(text, part) }
		if recovery.CodeOf(err) != c.code || !has(c.says) || c.not != "" && has(c.not) ||
			c.plainEnd && !has("(m1, m2). Forcing") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
