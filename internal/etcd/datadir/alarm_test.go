//go:build linux

package datadir_test

import (
	"os"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// TestAlarms reads the alarm of a member whose database is full, after it was killed.
func TestAlarms(t *testing.T) {
	l, err := lab.Start(t.Context(), lab.Options{
		Nodes: 1, ExtraFlags: map[string]string{
			"quota-backend-bytes": "500000",
			"backend-batch-limit": "1", // each write counts for the quota, and is on the disk, before the next
		},
	})
	must(t, err)
	defer func() { must(t, l.Close()) }()
	if err := l.Fill(t.Context(), 3000, 1000); err == nil {
		t.Fatal("the database is not full")
	}
	m := l.Node("m1")
	m.KubeletStop()
	m.KillEtcd()
	dir := t.TempDir()
	must(t, os.CopyFS(dir, os.DirFS(m.Path("/var/lib/etcd"))))
	s, err := datadir.Read(t.Context(), lab.Folder(dir), false)
	must(t, err)
	const noSpace = 1 // etcdserverpb.AlarmType_NOSPACE
	if len(s.Backend.Alarms) != 1 || s.Backend.Alarms[0] != (datadir.Alarm{Member: s.Log.MemberID, Kind: noSpace}) {
		t.Errorf("alarms %v of member %d", s.Backend.Alarms, s.Log.MemberID)
	}
}
