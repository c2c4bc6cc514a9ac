//go:build linux

package recovery_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestStoppedMember kills all members in the middle of writes and reads what each has; then it loses two of them for good, and the forced start
// of the third must drop what was foretold.
func TestStoppedMember(t *testing.T) {
	for i, version := range []string{"3.7", "3.6", "3.5"} {
		t.Run("etcd "+version, func(t *testing.T) {
			l := start(t, lab.Options{Etcd: version})
			must(t, l.Fill(t.Context(), 300, 100))
			before, _, err := l.CountKeys(t.Context(), "m1")
			must(t, err)
			nodes := nodesOf(t, l)
			alive := recovery.Survey(t.Context(), nodes, time.Now())
			writer, err := l.StartWriter(t.Context(), "m1", "m2", "m3")
			must(t, err)
			time.Sleep(time.Duration(300+rand.IntN(700)) * time.Millisecond)
			var killed sync.WaitGroup
			for _, m := range l.Masters() {
				m.KubeletStop()
			}
			for _, m := range l.Masters() {
				killed.Go(m.KillEtcd)
			}
			killed.Wait()
			report := writer.Stop()

			all := recovery.Survey(t.Context(), nodes, time.Now())
			var most uint64
			for name, e := range all {
				was, s := alive[name].Status, e.Stopped
				if s == nil {
					t.Fatalf("%s: nothing was read: %q, %s", name, e.Warnings, e.ReachError)
				}
				t.Logf("%s: %+v", name, *s)
				if s.ClusterID != was.ClusterID || s.MemberID != was.MemberID || s.Learner || s.Removed || len(s.Members) != 3 {
					t.Errorf("%s is %s of %s with members %v, and was %s of %s", name, s.MemberID, s.ClusterID, s.Members, was.MemberID, was.ClusterID)
				}
				// A slow machine elects anew now and then, and commits late to its database.
				if s.LastIndex < was.RaftIndex || s.LastTerm < was.RaftTerm || s.Revision == 0 || s.ConsistentIndex > s.LastIndex || s.Commit > s.LastIndex {
					t.Errorf("%s: %+v, and before that %+v", name, *s, *was)
				}
				if (s.StorageVersion == "") != (version == "3.5") {
					t.Errorf("%s: storage version %q", name, s.StorageVersion)
				}
				most = max(most, s.Commit, s.ConsistentIndex)
			}
			if v := recovery.Judge(all, ""); v.State != recovery.Startable || v.Voters != 3 || len(v.WithData) != 3 {
				t.Errorf("verdict %+v", v)
			}
			best, reason, err := recovery.Choose(all)
			must(t, err)
			if s := all[best].Stopped; max(s.Commit, s.ConsistentIndex) != most {
				t.Errorf("%s was chosen: %s", best, reason)
			}

			seed := l.Masters()[i].Name()
			for _, m := range l.Masters() {
				if m.Name() != seed {
					must(t, m.WipeEtcd())
					continue
				}
				parked := m.Path(node.DefaultWorkDir + "/parked/etcd.yaml")
				must(t, os.MkdirAll(filepath.Dir(parked), 0o700))
				must(t, os.Rename(m.Path(manifestFile), parked))
				m.KubeletStart()
			}
			all = recovery.Survey(t.Context(), nodes, time.Now())
			p, err := recovery.DecideSeed(all, recovery.SeedRequest{RecoveryID: "test", Node: seed})
			must(t, err)
			if p.Cluster().ID != alive[seed].Status.ClusterID.String() {
				t.Errorf("the plan is for cluster %q", p.Cluster().ID)
			}
			s := all[seed].Stopped
			drops := s.LastIndex - min(s.LastIndex, max(s.Commit, s.ConsistentIndex))
			result, err := recovery.Seed(t.Context(), p, nodes, options(t))
			must(t, err)
			if result.Discarded != int64(drops) || result.MemberID != s.MemberID {
				t.Errorf("member %s has dropped %d entries, foretold were %d on %s", result.MemberID, result.Discarded, drops, s.MemberID)
			}
			after, _, err := l.CountKeys(t.Context(), seed)
			must(t, err)
			acked := before + int64(len(report.Acked))
			t.Logf("%s: %d entries dropped; %d keys of %d that were acknowledged", seed, drops, after, acked)
			if after+int64(drops) < acked || after > acked+int64(len(report.Unknown)) {
				t.Errorf("%d keys are left of %d, and %d entries were dropped", after, acked, drops)
			}
		})
	}
}

// TestDamagedSeed has a survivor with a flipped byte in its log: it is named, not chosen, and not touched.
func TestDamagedSeed(t *testing.T) {
	l := start(t, lab.Options{})
	must(t, l.Fill(t.Context(), 300, 100))
	nodes := nodesOf(t, l)
	for _, m := range l.Masters() {
		quiet(m)
	}
	for _, m := range l.Masters()[1:] {
		must(t, m.WipeEtcd())
	}
	m1 := l.Master("m1")
	segments, err := filepath.Glob(m1.Path("/var/lib/etcd/member/wal/*.wal"))
	must(t, err)
	log, err := os.ReadFile(segments[0])
	must(t, err)
	log[len(bytes.TrimRight(log, "\x00"))/2] ^= 1
	must(t, os.WriteFile(segments[0], log, 0o600))
	before, err := m1.TreeHash()
	must(t, err)

	all := recovery.Survey(t.Context(), nodes, time.Now())
	_, err = recovery.DecideSeed(all, recovery.SeedRequest{RecoveryID: "test", Node: "m1"})
	wantRefusal(t, err, "The Seed's Data Is Damaged", "m1, in", "the write-ahead log: "+filepath.Base(segments[0])+": damaged: the record at byte", "restore a snapshot")
	_, err = recovery.DecideSeed(all, recovery.SeedRequest{RecoveryID: "test"})
	wantRefusal(t, err, "No Seed Can Be Chosen", "m1: the data in", "damaged", "plan again")
	if report := recovery.Report(all); !strings.Contains(report, "damaged") {
		t.Error(report)
	}
	if after, err := m1.TreeHash(); err != nil || after != before {
		t.Errorf("m1 was touched: %v", err)
	}
}
