//go:build linux

package datadir_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/sample"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// member gives the data folder of an etcd that was killed, with some hundred keys in it.
func member(t *testing.T, o lab.Options, keys, size int) string {
	t.Helper()
	o.Nodes = 1
	l, err := lab.Start(t.Context(), o)
	must(t, err)
	defer func() { must(t, l.Close()) }()
	// So that the transaction before the last one has keys, too.
	for range 2 {
		must(t, l.Fill(t.Context(), keys/2, size))
		labtest.Written(t, l)
	}
	m := l.Node("m1")
	m.KubeletStop()
	m.KillEtcd()
	dir := t.TempDir()
	must(t, os.CopyFS(dir, os.DirFS(m.Path("/var/lib/etcd"))))
	return dir
}

// foretold forces a cluster on the folder, which must do what was read in it.
func foretold(t *testing.T, minor string, s *datadir.State, dir string) {
	t.Helper()
	kept := max(s.Log.Commit, s.Backend.ConsistentIndex)
	forced, err := lab.ForceNewCluster(t.Context(), minor, dir)
	if err != nil {
		t.Error(err)
		return
	}
	_, most := s.Log.Writes(s.Backend.ConsistentIndex, kept)
	if revision := s.Backend.Revision + most; forced.Discarded != s.Log.LastIndex-kept || forced.Revision != revision {
		t.Errorf(
			"etcd has dropped %d entries and is at revision %d; foretold were %d and %d",
			forced.Discarded,
			forced.Revision,
			s.Log.LastIndex-kept,
			revision,
		)
	}
}

// TestDamage reads what is left of a data folder after all kinds of harm.
func TestDamage(t *testing.T) {
	whole := member(t, lab.Options{}, 600, 1000)
	good, err := datadir.Read(t.Context(), lab.Folder(whole), false)
	must(t, err)
	names := lab.Folder(whole).Segments()
	segment := names[slices.IndexFunc(names, func(name string) bool { return strings.HasSuffix(name, ".wal") })]
	log, err := os.ReadFile(filepath.Join(whole, "member/wal", segment))
	must(t, err)
	end := len(bytes.TrimRight(log, "\x00"))                                                      // of what was written
	must(t, os.Truncate(filepath.Join(whole, "member/wal", segment), int64(end+1<<20)/4096*4096)) // fewer zeros to copy
	database, err := os.ReadFile(filepath.Join(whole, "member/snap/db"))
	must(t, err)
	flip := func(text []byte, at ...int) []byte {
		text = slices.Clone(text)
		for _, i := range at {
			text[i] ^= 0x40
		}
		return text
	}
	everyPage := func() []byte { // loses its number
		text := slices.Clone(database)
		for at := 2 * 4096; at < len(text); at += 4096 {
			binary.LittleEndian.PutUint64(text[at:], 7777777)
		}
		return text
	}
	inRecord := slices.Concat(log[:(end+7)/8*8], []byte{104, 0, 0, 0, 0, 0, 0, 0}, []byte("the first of 104 bytes"))
	zeros := append(slices.Clone(log[:(end-600)/512*512]), make([]byte, 4096)...)
	for _, c := range []struct {
		name     string
		log      []byte
		database []byte
		segment  string // another name for the log's
		says     string // "" for data that is good
		torn     bool
		starts   bool // etcd does, all the same
	}{
		{name: "whole"},
		{name: "cut off in a record", log: inRecord, torn: true},
		{name: "cut off in a length", log: append(slices.Clone(log[:len(log)/8*8]), 0, 0, 1), torn: false},
		{name: "a sector of zeros at the end", log: zeros, says: "the end of the log is missing", starts: true},
		// And takes no notice of what is written until the log is as long again.
		{name: "the end of the log is missing", log: log[:end/2], says: "the end of the log is missing", starts: true},
		{name: "a byte of an entry", log: flip(log, end/2), says: "the write-ahead log: " + segment +
			": damaged: the record at byte"},
		{name: "a byte of the first record", log: flip(log, 9), says: "damaged"},
		{name: "no log", log: make([]byte, 4096), says: "it does not say whose it is"},
		{name: "not a log", log: bytes.Repeat([]byte("etcd"), 2000), says: "it does not say whose it is"},
		{name: "a segment is missing", segment: "0000000000000001-0000000000000010.wal", says: "it begins with entry " +
			"16, and the newest snapshot ends with entry 0"},
		{name: "one of two meta pages", database: flip(database, 4096+30)},
		{name: "both meta pages", database: flip(database, 30, 4096+30), says: "the database: damaged: the database " +
			"begins with no page that is whole"},
		{name: "pages", database: everyPage(), says: "of the database is not there"},
		{name: "a database that was cut off", database: database[:3*4096], says: "damaged"},
		{name: "not a database", database: bytes.Repeat([]byte("etcd"), 50000), says: "damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			must(t, os.CopyFS(dir, os.DirFS(whole)))
			if c.log != nil {
				must(t, os.WriteFile(filepath.Join(dir, "member/wal", segment), c.log, 0o600))
			}
			if c.database != nil {
				must(t, os.WriteFile(filepath.Join(dir, "member/snap/db"), c.database, 0o600))
			}
			if c.segment != "" {
				must(
					t,
					os.Rename(filepath.Join(dir, "member/wal", segment), filepath.Join(dir, "member/wal", c.segment)),
				)
			}
			got, err := datadir.Read(t.Context(), lab.Folder(dir), false)
			if c.says != "" {
				if !errors.Is(err, datadir.ErrDamaged) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v, want %q", err, c.says)
				}
				if c.starts {
					return
				}
				if forced, err := lab.ForceNewCluster(t.Context(), "3.7", dir); !errors.Is(err, lab.ErrEtcdEnded) {
					t.Errorf("etcd starts with it: %+v, %v", forced, err)
				}
				return
			}
			must(t, err)
			foretold(t, "3.7", got, dir)
			if got.Log.Torn != c.torn || got.Log.MemberID != good.Log.MemberID ||
				got.Log.LastIndex != good.Log.LastIndex {
				t.Errorf("got %+v, and of the whole one %+v", got.Log, good.Log)
			}
			if got.Backend.Revision == 0 || len(got.Backend.Members) != 1 || got.Backend.Members[0].Name != "m1" {
				t.Errorf("got %+v", got.Backend)
			}
		})
	}
}

// TestSegments has a log of several segments. Only what etcd needs of it is read, and what it cannot do without is
// missed.
func TestSegments(t *testing.T) {
	for _, minor := range sample.Of([]string{"3.7", "3.6", "3.5"}, 2) {
		t.Run("etcd "+minor, func(t *testing.T) {
			t.Parallel()
			before37 := minor != "3.7"
			keys, least := 6000, 3
			if before37 && !sample.Whole { // the newest snapshot is in the second segment already
				keys, least = 3400, 2
			}
			dir := member(
				t,
				lab.Options{Etcd: minor, ExtraFlags: map[string]string{"snapshot-count": "50"}},
				keys,
				30_000,
			)
			files := &counting{Folder: lab.Folder(dir)}
			got, err := datadir.Read(t.Context(), files, before37)
			must(t, err)
			all := segments(files.Folder)
			if len(all) < least || len(files.opened) >= len(all) {
				t.Errorf("read were %v of %v", files.opened, all)
			}
			t.Logf(
				"read were %d of %d segments: %d to %d, snapshot %d",
				len(files.opened),
				len(all),
				got.Log.FirstIndex,
				got.Log.LastIndex,
				got.Log.Snapshot,
			)
			must(t, os.Remove(filepath.Join(dir, "member/wal", all[0])))
			again, err := datadir.Read(t.Context(), lab.Folder(dir), before37)
			must(t, err)
			if again.Log.LastIndex != got.Log.LastIndex || again.Backend.Revision != got.Backend.Revision {
				t.Errorf("got %+v, and with the first segment %+v", again.Log, got.Log)
			}
			// A file of which the log does not speak was left by a crash; etcd takes no notice of it.
			orphan := filepath.Join(
				dir,
				fmt.Sprintf("member/snap/%016x-%016x.snap", got.Log.LastTerm, got.Backend.ConsistentIndex+1),
			)
			must(t, os.WriteFile(orphan, []byte("cut off"), 0o600))
			if again, err = datadir.Read(t.Context(), lab.Folder(dir), before37); err != nil ||
				again.Log.Snapshot != got.Log.Snapshot {
				t.Errorf("with a file that nobody knows: %v", err)
			}
			must(t, os.Remove(orphan))
			snaps, err := filepath.Glob(filepath.Join(dir, "member/snap/*.snap"))
			must(t, err)
			for _, snap := range snaps {
				must(t, os.Remove(snap))
			}
			got, err = datadir.Read(t.Context(), lab.Folder(dir), before37)
			if !before37 {
				must(t, err)
				foretold(t, minor, got, dir)
				return
			}
			if !errors.Is(err, datadir.ErrDamaged) ||
				!strings.Contains(err.Error(), "the newest .snap file ends with entry 0") {
				t.Errorf("got %v without a .snap file", err)
			}
			if forced, err := lab.ForceNewCluster(t.Context(), minor, dir); !errors.Is(err, lab.ErrEtcdEnded) {
				t.Errorf("etcd starts without one: %+v, %v", forced, err)
			}
		})
	}
}

// counting keeps which segments were opened.
type counting struct {
	lab.Folder
	opened []string
}

func (c *counting) Segment(ctx context.Context, name string) (io.ReadCloser, error) {
	c.opened = append(c.opened, name)
	return c.Folder.Segment(ctx, name)
}

// segments are the names of a log's, in their order.
func segments(f lab.Folder) []string {
	return slices.DeleteFunc(f.Segments(), func(name string) bool { return !strings.HasSuffix(name, ".wal") })
}
