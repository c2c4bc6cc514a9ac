//go:build linux

package datadir_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// folder is a data folder on this machine.
type folder string

func (f folder) names(dir string) []string {
	entries, _ := os.ReadDir(filepath.Join(string(f), dir))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (f folder) Segments() []string  { return f.names("member/wal") }
func (f folder) Snapshots() []string { return f.names("member/snap") }

func (f folder) Segment(_ context.Context, name string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(string(f), "member/wal", name))
}

func (f folder) ReadAt(_ context.Context, offset int64, length int) ([]byte, error) {
	in, err := os.Open(filepath.Join(string(f), "member/snap/db"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	text := make([]byte, length)
	n, err := in.ReadAt(text, offset)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return text[:n], err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// member gives the data folder of an etcd that was killed, with some hundred keys in it.
func member(t *testing.T, o lab.Options) string {
	t.Helper()
	o.Masters = 1
	l, err := lab.Start(t.Context(), o)
	must(t, err)
	defer func() { must(t, l.Close()) }()
	for range 2 { // so that the transaction before the last one has keys, too: etcd commits to its database ten times a second
		must(t, l.Fill(t.Context(), 300, 1000))
		time.Sleep(300 * time.Millisecond)
	}
	m := l.Master("m1")
	m.KubeletStop()
	m.KillEtcd()
	dir := t.TempDir()
	must(t, os.CopyFS(dir, os.DirFS(m.Path("/var/lib/etcd"))))
	return dir
}

// TestDamage reads what is left of a data folder after all kinds of harm.
func TestDamage(t *testing.T) {
	whole := member(t, lab.Options{})
	good, err := datadir.Read(t.Context(), folder(whole))
	must(t, err)
	names := folder(whole).Segments()
	segment := names[slices.IndexFunc(names, func(name string) bool { return strings.HasSuffix(name, ".wal") })]
	log, err := os.ReadFile(filepath.Join(whole, "member/wal", segment))
	must(t, err)
	end := len(bytes.TrimRight(log, "\x00")) // of what was written
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
	for _, c := range []struct {
		name     string
		log      []byte
		database []byte
		segment  string // another name for the log's
		says     string // "" for data that is good
		torn     bool
	}{
		{name: "whole"},
		{name: "cut off in a record", log: log[:end-20], torn: true},
		{name: "cut off in a length", log: append(slices.Clone(log[:len(log)/8*8]), 0, 0, 1), torn: false},
		{name: "a sector of zeros at the end", log: append(slices.Clone(log[:(end-600)/512*512]), make([]byte, 4096)...), torn: true},
		{name: "a byte of an entry", log: flip(log, end/2), says: "the write-ahead log: " + segment + ": damaged: the record at byte"},
		{name: "a byte of the first record", log: flip(log, 9), says: "damaged"},
		{name: "no log", log: make([]byte, 4096), says: "it does not say whose it is"},
		{name: "not a log", log: bytes.Repeat([]byte("etcd"), 2000), says: "claims a length"},
		{name: "a segment is missing", segment: "0000000000000001-0000000000000010.wal", says: "it begins with entry 16, and the newest snapshot ends with entry 0"},
		{name: "one of two meta pages", database: flip(database, 4096+30)},
		{name: "both meta pages", database: flip(database, 30, 4096+30), says: "the database: damaged: the database begins with no page that is whole"},
		{name: "pages", database: everyPage(), says: "of the database is not there"},
		{name: "a database that was cut off", database: database[:3*4096], says: "damaged"},
		{name: "not a database", database: bytes.Repeat([]byte("etcd"), 50000), says: "damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.CopyFS(dir, os.DirFS(whole)))
			if c.log != nil {
				must(t, os.WriteFile(filepath.Join(dir, "member/wal", segment), c.log, 0o600))
			}
			if c.database != nil {
				must(t, os.WriteFile(filepath.Join(dir, "member/snap/db"), c.database, 0o600))
			}
			if c.segment != "" {
				must(t, os.Rename(filepath.Join(dir, "member/wal", segment), filepath.Join(dir, "member/wal", c.segment)))
			}
			got, err := datadir.Read(t.Context(), folder(dir))
			if c.says != "" {
				if !errors.Is(err, datadir.ErrDamaged) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v, want %q", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Log.Torn != c.torn || got.Log.MemberID != good.Log.MemberID || got.Log.LastIndex > good.Log.LastIndex || !c.torn && got.Log.LastIndex != good.Log.LastIndex {
				t.Errorf("got %+v, and of the whole one %+v", got.Log, good.Log)
			}
			if got.Backend.Revision == 0 || len(got.Backend.Members) != 1 || got.Backend.Members[0].Name != "m1" {
				t.Errorf("got %+v", got.Backend)
			}
		})
	}
}
