//go:build linux && whole

package executor_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// TestDamagedData has a survivor whose data has come to harm: what it is is named, it is not chosen, and not touched.
func TestDamagedData(t *testing.T) {
	l := start(t, lab.Options{Etcd: "3.6", ExtraFlags: map[string]string{"snapshot-count": "50"}})
	must(t, l.Fill(t.Context(), 4500, 30_000)) // the log has a second segment then
	labtest.Written(t, l)
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
