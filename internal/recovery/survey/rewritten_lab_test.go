//go:build linux

package survey_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/sample"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// TestRewritten has the data of an etcd that was forced and died before its database knew of it: the membership there
// is that of the old cluster, and the log removes all others.
func TestRewritten(t *testing.T) {
	for _, minor := range sample.Of([]string{"3.6", "3.5", "3.7"}, 1) {
		l := labtest.Start(t, lab.Options{Etcd: minor})
		must(t, l.Fill(t.Context(), 50, 100))
		labtest.Written(t, l)
		m := l.Node("m1")
		for _, n := range l.Nodes() {
			n.KubeletStop()
			n.KillEtcd()
		}
		dir := t.TempDir()
		must(t, os.CopyFS(dir, os.DirFS(m.Path("/var/lib/etcd"))))
		db := filepath.Join(dir, "member", "snap", "db")
		before, err := os.ReadFile(db)
		must(t, err)
		look := func() *recovery.OnDisk {
			t.Helper()
			s, err := datadir.Read(t.Context(), lab.Folder(dir), minor != "3.7")
			must(t, err)
			return survey.OnDisk(s, "registry.k8s.io/etcd:"+l.Version()+"-0")
		}
		if s := look(); s.Rewritten || len(s.Members) != 3 {
			t.Errorf("etcd %s, not forced: %+v", minor, s)
		}
		_, err = lab.ForceNewCluster(t.Context(), minor, dir)
		must(t, err)
		if s := look(); s.Rewritten || len(s.Members) != 1 {
			t.Errorf("etcd %s, forced: %+v", minor, s)
		}
		must(t, os.WriteFile(db, before, 0o600))
		if s := look(); !s.Rewritten || len(s.Members) != 3 {
			t.Errorf("etcd %s, forced and not written down: %+v", minor, s)
		}
	}
}
