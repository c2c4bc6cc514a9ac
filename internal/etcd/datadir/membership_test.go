//go:build linux

package datadir_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// TestRestoredBy34 reads the data of an etcd 3.4.23 that was started on what its own "etcdctl snapshot restore" had
// made of a snapshot of two members: those are still in its database, and are none.
func TestRestoredBy34(t *testing.T) {
	const restored = 0xa39d8e448fb2d76e
	dir := t.TempDir()
	must(t, os.CopyFS(dir, os.DirFS("testdata/restored-by-3.4")))
	s, err := datadir.Read(t.Context(), lab.Folder(dir), true)
	must(t, err)
	if s.Log.MemberID != restored || len(s.Backend.Members) != 3 ||
		!slices.Equal(s.Backend.Voters, []uint64{restored}) {
		t.Fatalf("member %x, voters %x, members %+v", s.Log.MemberID, s.Backend.Voters, s.Backend.Members)
	}
	for _, m := range s.Backend.Members {
		if s.Backend.Voter(m.ID) != (m.ID == restored) || s.Backend.Learner(m.ID) {
			t.Errorf("%s: a voter is %v, a learner %v", m.Name, s.Backend.Voter(m.ID), s.Backend.Learner(m.ID))
		}
	}
	snap := filepath.Join(dir, "member", "snap", "0000000000000001-0000000000000001.snap")
	text, err := os.ReadFile(snap)
	must(t, err)
	text[len(text)/2] ^= 1
	must(t, os.WriteFile(snap, text, 0o600))
	if _, err := datadir.Read(t.Context(), lab.Folder(dir), true); !errors.Is(err, datadir.ErrDamaged) {
		t.Errorf("a snapshot file with another byte in it: %v", err)
	}
}
