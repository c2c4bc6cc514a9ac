//go:build linux

package executor_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/sample"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// TestStoppedMember kills all members in the middle of writes and reads what each has; then it loses two of them for
// good, and the forced start of the third must drop what was foretold.
func TestStoppedMember(t *testing.T) {
	for i, version := range sample.Of([]string{"3.6", "3.7", "3.5"}, 1) {
		t.Run("etcd "+version, func(t *testing.T) {
			l := start(t, lab.Options{Etcd: version, WALDir: version == "3.6"})
			if version != "3.5" {
				storageWritten(t, l)
			}
			must(t, l.Fill(t.Context(), 300, 100))
			before, _, err := l.CountKeys(t.Context(), "m1")
			must(t, err)
			nodes := nodesOf(t, l)
			alive := statuses(t, l)
			writer, err := l.StartWriter(t.Context(), "m1", "m2", "m3")
			must(t, err)
			time.Sleep(time.Duration(300+rand.IntN(700)) * time.Millisecond)
			var killed sync.WaitGroup
			for _, m := range l.Nodes() {
				m.KubeletStop()
			}
			for _, m := range l.Nodes() {
				killed.Go(m.KillEtcd)
			}
			killed.Wait()
			report := writer.Stop()

			all := survey.Take(t.Context(), nodes, time.Now())
			var most uint64
			for _, e := range all {
				name := e.Name
				was, s := alive[name], e.Disk
				if s == nil {
					t.Fatalf("%s: nothing was read: %q, %s", name, e.Warnings, e.ReachError)
				}
				t.Logf("%s: %+v", name, *s)
				if again, err := survey.ReadStopped(t.Context(), nodes[name], e); !reflect.DeepEqual(again, s) {
					t.Errorf("%s: read again it is %+v, %v", name, again, err)
				}
				if s.ClusterID != was.ClusterID || s.MemberID != was.MemberID || s.Name != name || s.Learner ||
					s.Removed ||
					len(s.Members) != 3 ||
					s.ClusterVersion == "" {
					t.Errorf(
						"%s is %s of %s with members %v, and was %s of %s",
						name,
						s.MemberID,
						s.ClusterID,
						s.Members,
						was.MemberID,
						was.ClusterID,
					)
				}
				// A slow machine elects anew now and then, and commits late to its database.
				if s.LastIndex < was.RaftIndex || s.LastTerm < was.RaftTerm || s.Revision == 0 ||
					s.ConsistentIndex > s.LastIndex ||
					s.Commit > s.LastIndex {
					t.Errorf("%s: %+v, and before that %+v", name, *s, was)
				}
				if (s.StorageVersion == "") != (version == "3.5") ||
					s.StorageVersion != "" && !strings.HasPrefix(s.StorageVersion, version) ||
					!strings.HasPrefix(s.ClusterVersion, version) {
					t.Errorf("%s: storage version %q, cluster version %q", name, s.StorageVersion, s.ClusterVersion)
				}
				most = max(most, s.Commit, s.ConsistentIndex)
			}
			if v := planner.Judge(all, ""); v.State != planner.Startable || v.Voters != 3 || len(v.WithData) != 3 {
				t.Errorf("verdict %+v", v)
			}
			best, reason, err := planner.Choose(all, nil)
			must(t, err)
			if s := all.Node(best).Disk; max(s.Commit, s.ConsistentIndex) != most {
				t.Errorf("%s was chosen: %s", best, reason)
			}

			seed := l.Nodes()[i].Name()
			must(t, l.Lose(slices.DeleteFunc(l.Nodes(), func(m lab.Node) bool { return m.Name() == seed })...))
			m := l.Node(seed)
			parked := m.Path(node.DefaultWorkDir + "/parked/etcd.yaml")
			must(t, os.MkdirAll(filepath.Dir(parked), 0o700))
			must(t, os.Rename(m.Path(manifestFile), parked))
			m.KubeletStart()
			all = survey.Take(t.Context(), nodes, time.Now())
			p, err := planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test", Node: seed})
			must(t, err)
			if p.Cluster().ID != alive[seed].ClusterID.String() {
				t.Errorf("the plan is for cluster %q", p.Cluster().ID)
			}
			s := all.Node(seed).Disk
			drops := s.LastIndex - min(s.LastIndex, max(s.Commit, s.ConsistentIndex))
			result, err := executor.Seed(t.Context(), p, nodes, options(t))
			must(t, err)
			if result.Discarded == nil {
				t.Fatal("the log did not tell how many entries were dropped")
			}
			if *result.Discarded != int64(drops) || result.MemberID != s.MemberID {
				t.Errorf(
					"member %s has dropped %d entries, foretold were %d on %s",
					result.MemberID,
					*result.Discarded,
					drops,
					s.MemberID,
				)
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

// statuses are what the members say of themselves.
func statuses(t *testing.T, l *lab.Lab) map[string]etcd.Status {
	t.Helper()
	all := map[string]etcd.Status{}
	for _, m := range l.Nodes() {
		s, err := client(t, l, m.Name()).Status(t.Context(), m.ClientURL())
		must(t, err)
		all[m.Name()] = etcd.Status{
			ClusterID: etcd.ID(s.Header.ClusterId),
			MemberID:  etcd.ID(s.Header.MemberId),
			RaftTerm:  s.RaftTerm,
			RaftIndex: s.RaftIndex,
		}
	}
	return all
}

// storageWritten waits until every member has its storage version on its disk. Each looks every four seconds.
func storageWritten(t *testing.T, l *lab.Lab) {
	t.Helper()
	nodes := nodesOf(t, l)
	for _, e := range survey.Take(t.Context(), nodes, time.Now()) {
		labtest.Within(t, "the storage version of "+e.Name, func() bool {
			s, err := survey.ReadStopped(t.Context(), nodes[e.Name], e)
			return err == nil && s.StorageVersion != ""
		})
	}
}
