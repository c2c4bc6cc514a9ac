//go:build linux && whole

package datadir_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// TestLongLog has a log of which etcd needs more than is read.
func TestLongLog(t *testing.T) {
	dir := member(t, lab.Options{Etcd: "3.6"}, 8_000, 30_000)
	files := &counting{Folder: lab.Folder(dir)}
	got, err := datadir.Read(t.Context(), files, true)
	must(t, err)
	if len(files.opened) != 2 || got.Log.Unchecked == 0 || got.Log.Unchecked+2 != len(segments(files.Folder)) ||
		got.Log.Snapshot != 0 {
		t.Errorf("read were %v; %d were not", files.opened, got.Log.Unchecked)
	}
	must(t, os.Rename(filepath.Join(dir, "member/wal", segments(files.Folder)[0]), filepath.Join(dir, "first")))
	if _, err := datadir.Read(t.Context(), lab.Folder(dir), true); !errors.Is(err, datadir.ErrDamaged) ||
		!strings.Contains(err.Error(), "the newest .snap file ends with entry 0") {
		t.Errorf("got %v without the first segment", err)
	}
	must(
		t,
		os.Rename(
			filepath.Join(dir, "first"),
			filepath.Join(dir, "member/wal", "0000000000000000-0000000000000000.wal"),
		),
	)
	foretold(t, "3.6", got, dir)
}
