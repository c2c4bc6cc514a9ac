//go:build linux

package executor_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// TestStoppedMember kills all members in the middle of writes and reads what each has; then it loses two of them for
// good, and the forced start of the third must drop what was foretold.
func TestStoppedMember(t *testing.T) {
	for i, version := range []string{"3.7", "3.6", "3.5"} {
		t.Run("etcd "+version, func(t *testing.T) {
			l := start(t, lab.Options{Etcd: version, WALDir: version == "3.6"})
			if version != "3.5" {
				storageKnown(t, l)
			}
			must(t, l.Fill(t.Context(), 300, 100))
			before, _, err := l.CountKeys(t.Context(), "m1")
			must(t, err)
			nodes := nodesOf(t, l)
			alive := surveyUntil(t.Context(), nodes, allHeard)
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
				was, s := alive.Node(name).Status, e.Disk
				if s == nil {
					t.Fatalf("%s: nothing was read: %q, %s", name, e.Warnings, e.ReachError)
				}
				t.Logf("%s: %+v", name, *s)
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
					t.Errorf("%s: %+v, and before that %+v", name, *s, *was)
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
			for _, m := range l.Nodes() {
				if m.Name() != seed {
					must(t, m.WipeEtcd())
					continue
				}
				parked := m.Path(node.DefaultWorkDir + "/parked/etcd.yaml")
				must(t, os.MkdirAll(filepath.Dir(parked), 0o700))
				must(t, os.Rename(m.Path(manifestFile), parked))
				m.KubeletStart()
			}
			all = survey.Take(t.Context(), nodes, time.Now())
			p, err := planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test", Node: seed})
			must(t, err)
			if p.Cluster().ID != alive.Node(seed).Status.ClusterID.String() {
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

// storageKnown waits until every member has written its storage version down. Each looks every four seconds.
func storageKnown(t *testing.T, l *lab.Lab) {
	t.Helper()
	for _, m := range l.Nodes() {
		c := client(t, l, m.Name())
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			r, err := c.Status(t.Context(), m.ClientURL())
			if err == nil && r.StorageVersion != "" {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s has written no storage version: %v", m.Name(), err)
			}
		}
	}
	time.Sleep(300 * time.Millisecond) // etcd writes to its database ten times a second
}

// TestDamagedData has a survivor whose data has come to harm: what it is is named, it is not chosen, and not touched.
func TestDamagedData(t *testing.T) {
	l := start(t, lab.Options{Etcd: "3.6", ExtraFlags: map[string]string{"snapshot-count": "50"}})
	must(t, l.Fill(t.Context(), 4500, 30_000)) // the log has a second segment then
	time.Sleep(300 * time.Millisecond)         // all of it is in the database, of which etcd writes ten times a second
	nodes := nodesOf(t, l)
	for _, m := range l.Nodes() {
		quiet(m)
	}
	for _, m := range l.Nodes()[1:] {
		must(t, m.WipeEtcd())
	}
	m1 := l.Node("m1")
	dir := m1.Path("/var/lib/etcd")
	member, whole, manifest := filepath.Join(dir, "member"), filepath.Join(dir, "..", "whole"), m1.Path(manifestFile)
	copyTree := func(from, to string) {
		must(t, os.RemoveAll(to))
		must(t, exec.CommandContext(t.Context(), "cp", "-a", "--sparse=always", from, to).Run())
	}
	copyTree(member, whole)
	segments, err := filepath.Glob(filepath.Join(member, "wal", "*.wal"))
	must(t, err)
	if len(segments) < 2 {
		t.Fatalf("the log has only %v", segments)
	}
	last := filepath.Base(segments[len(segments)-1])
	edit := func(file string, change func([]byte) []byte) {
		text, err := os.ReadFile(file)
		must(t, err)
		must(t, os.WriteFile(file, change(text), 0o600))
	}
	flip := func(at ...int) func([]byte) []byte {
		return func(text []byte) []byte {
			for _, i := range at {
				text[i] ^= 1
			}
			return text
		}
	}
	log := func(change func([]byte) []byte) func() {
		return func() { edit(filepath.Join(member, "wal", last), change) }
	}
	database := func(change func([]byte) []byte) func() {
		return func() { edit(filepath.Join(member, "snap", "db"), change) }
	}
	for _, c := range []struct {
		name  string
		harm  func()
		data  string        // in the report, in place of a size
		says  string        // in the refusal of a choice
		named recovery.Code // what refuses it when it is named as the seed
	}{
		{
			name:  "the log is cut off",
			harm:  log(func(b []byte) []byte { return b[:len(bytes.TrimRight(b, "\x00"))/2] }),
			data:  "damaged",
			says:  "the end of the log is missing",
			named: recovery.CodeSeedDamaged,
		},
		{
			name:  "a flipped byte in the log",
			harm:  log(func(b []byte) []byte { return flip(len(bytes.TrimRight(b, "\x00")) / 2)(b) }),
			data:  "damaged",
			says:  "the write-ahead log: " + last + ": damaged: the record at byte",
			named: recovery.CodeSeedDamaged,
		},
		{
			name:  "flipped bytes in the pages with which the database begins",
			harm:  database(flip(30, 4096+30)),
			data:  "damaged",
			says:  "the database: damaged: the database begins with no page that is whole",
			named: recovery.CodeSeedDamaged,
		},
		{
			name:  "a database that is cut off",
			harm:  database(func(b []byte) []byte { return b[:len(b)/2] }),
			data:  "damaged",
			says:  "and the file ends before",
			named: recovery.CodeSeedDamaged,
		},
		{
			name: "no .snap file, and the log does not begin with the first entry",
			harm: func() {
				snaps, err := filepath.Glob(filepath.Join(member, "snap", "*.snap"))
				must(t, err)
				for _, f := range append(snaps, filepath.Join(member, "wal", filepath.Base(segments[0]))) {
					must(t, os.Remove(f))
				}
			},
			data:  "damaged",
			says:  "the newest .snap file ends with entry 0",
			named: recovery.CodeSeedDamaged,
		},
		{
			name: "an empty member folder",
			harm: func() {
				must(t, os.RemoveAll(member))
				must(t, os.Mkdir(member, 0o700))
			},
			data:  "no log",
			says:  "there is no log with the data in",
			named: recovery.CodeNoData,
		},
		{
			name:  "no database",
			harm:  func() { must(t, os.Remove(filepath.Join(member, "snap", "db"))) },
			data:  "no database",
			says:  "there is no database in",
			named: recovery.CodeNoData,
		},
		{
			name:  "a folder of something else",
			harm:  func() { must(t, os.Rename(member, filepath.Join(dir, "postgres"))) },
			data:  "not etcd's",
			says:  "is not etcd's: it has no member/ folder, and has postgres",
			named: recovery.CodeNoData,
		},
		{
			name: "data of a later version",
			harm: func() {
				edit(manifest, func(b []byte) []byte { return imageTag.ReplaceAll(b, []byte("${1}3.5.26-0")) })
			},
			data:  "too new",
			says:  "was written by etcd 3.6.0, and the image is",
			named: recovery.CodeImageTooOld,
		},
	} {
		text, err := os.ReadFile(manifest)
		must(t, err)
		c.harm()
		before, err := m1.TreeHash()
		must(t, err)
		all := survey.Take(t.Context(), nodes, time.Now())
		if report := planner.Report(all, nil); !strings.Contains(report, "  "+c.data+"  ") ||
			c.data == "damaged" && !strings.Contains(report, c.says) {
			t.Errorf("%s: the report does not say %q, or not %q:\n%s", c.name, c.data, c.says, report)
		}
		_, err = planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test"})
		if r, ok := recovery.IsRefusal(err); !ok || r.Code != recovery.CodeSeedUndecided ||
			!strings.Contains(r.Found, c.says) {
			t.Errorf("%s: it is chosen, or not named: %v", c.name, err)
		}
		_, err = planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test", Node: "m1"})
		if recovery.CodeOf(err) != c.named {
			t.Errorf("%s: named as the seed: %v", c.name, err)
		}
		if after, err := m1.TreeHash(); err != nil || after != before {
			t.Errorf("%s: m1 was touched: %v", c.name, err)
		}
		must(t, os.RemoveAll(filepath.Join(dir, "postgres")))
		copyTree(whole, member)
		must(t, os.WriteFile(manifest, text, 0o600))
	}
	all := survey.Take(t.Context(), nodes, time.Now())
	if name, _, err := planner.Choose(all, nil); name != "m1" {
		t.Errorf("whole again, and not chosen: %v", err)
	}
}

// imageTag is that of etcd's image in a manifest.
var imageTag = regexp.MustCompile(`(image: \S+:)\S+`)
