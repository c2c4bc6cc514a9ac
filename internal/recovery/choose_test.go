package recovery

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// TestChoose ranks masters by what a forced start would keep on each.
func TestChoose(t *testing.T) {
	const fixed, forgets = "registry.k8s.io/etcd:3.6.5-0", "registry.k8s.io/etcd:3.5.21-0"
	stopped := func(image string, s Stopped) Evidence {
		if s.ClusterID == 0 {
			s.ClusterID = 7
		}
		return Evidence{Reach: Reached, Readable: true, DataDir: "/d", Image: image, Stopped: &s}
	}
	running := func(commit uint64) Evidence {
		return Evidence{Reach: Reached, Readable: true, DataDir: "/d", Image: fixed, Running: true, Status: &etcd.Status{ClusterID: 7, RaftIndex: commit}}
	}
	mute := running(0)
	mute.Status, mute.StatusError = nil, "connection refused"
	broken := stopped(fixed, Stopped{Commit: 900})
	broken.Damage, broken.Stopped = "damaged: the record at byte 8", nil
	for _, c := range []struct {
		name   string
		m1, m2 Evidence
		chosen string // "" for a refusal
		says   string
	}{
		{"the database is ahead of the log's commit index", stopped(fixed, Stopped{Commit: 10, ConsistentIndex: 30, LastIndex: 31}), stopped(fixed, Stopped{Commit: 20, ConsistentIndex: 20, LastIndex: 40}), "m1", "the log up to entry 30; next is m2 with 20"},
		{"an etcd that goes by the log alone", stopped(forgets, Stopped{Commit: 10, ConsistentIndex: 30, LastIndex: 31}), stopped(forgets, Stopped{Commit: 20, ConsistentIndex: 20, LastIndex: 40}), "m2", "the log up to entry 20; next is m1 with 10"},
		{"equal, and the last entry of a later term", stopped(fixed, Stopped{Commit: 20, LastIndex: 40, LastTerm: 2}), stopped(fixed, Stopped{Commit: 20, LastIndex: 21, LastTerm: 3}), "m2", "equally far"},
		{"equal, and a longer log", stopped(fixed, Stopped{Commit: 20, LastIndex: 21, LastTerm: 2}), stopped(fixed, Stopped{Commit: 20, LastIndex: 22, LastTerm: 2}), "m2", "equally far"},
		{"equal in everything", stopped(fixed, Stopped{Commit: 20}), stopped(fixed, Stopped{Commit: 20}), "m1", "equally far"},
		{"a running one that is ahead", stopped(fixed, Stopped{Commit: 20}), running(21), "m2", "entry 21"},
		{"a running one that is behind", stopped(fixed, Stopped{Commit: 20}), running(19), "m1", "entry 20"},
		{"a learner", stopped(fixed, Stopped{Commit: 99, Learner: true}), stopped(fixed, Stopped{Commit: 20}), "m2", "only master"},
		{"one that was removed", stopped(fixed, Stopped{Commit: 99, Removed: true}), stopped(fixed, Stopped{Commit: 20}), "m2", "only master"},
		{"damaged data", broken, stopped(fixed, Stopped{Commit: 20}), "m2", "only master"},
		{"two clusters", stopped(fixed, Stopped{Commit: 99, ClusterID: 8}), stopped(fixed, Stopped{Commit: 20}), "", "data of 2 different clusters"},
		{"one that runs and does not answer", mute, stopped(fixed, Stopped{Commit: 20}), "", "how far the log of m1 goes is not known. Etcd runs there and does not answer (connection refused). Stop it"},
		{"data of which nothing could be read", Evidence{Reach: Reached, Readable: true, DataDir: "/d"}, stopped(fixed, Stopped{Commit: 20}), "", "Its data could not be read"},
		{"nothing but damaged data", broken, broken, "", "the data in /d cannot be used: damaged: the record at byte 8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.m1.Name, c.m2.Name = "m1", "m2"
			name, reason, err := Choose(map[string]Evidence{"m1": c.m1, "m2": c.m2})
			if err != nil {
				reason = err.Error()
			}
			if name != c.chosen || !strings.Contains(reason, c.says) {
				t.Errorf("chosen %q: %s", name, reason)
			}
		})
	}
}
