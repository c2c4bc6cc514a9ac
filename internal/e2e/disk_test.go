//go:build linux && e2e

package e2e_test

import (
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// TestDisks reads what members have that do not run, as a user with sudo: with a log folder of its own, with data on a
// mount, and of etcd 3.4.
func TestDisks(t *testing.T) {
	for name, o := range map[string]lab.Options{"WAL elsewhere": {WALDir: true}, "data on a mount": {DataMount: true, Etcd: "3.6"}, "etcd 3.4": {Etcd: "3.4"}} {
		t.Run(name, func(t *testing.T) {
			l, _ := start(t, o)
			nodes := map[string]*node.Node{}
			for _, m := range l.Masters() {
				c := ssh.New(
					ssh.Config{
						Host:           m.Host(),
						Port:           m.Port(),
						User:           "ops",
						PrivateKeyFile: l.SSHKeyFile(),
						HostKey:        m.HostKey(),
						Timeout:        10 * time.Second,
					},
					nil,
				)
				t.Cleanup(func() { _ = c.Close() })
				nodes[m.Name()] = node.New(node.Settings{Name: m.Name()}, c)
			}
			alive := recovery.Survey(t.Context(), nodes, time.Now())
			for _, m := range l.Masters() {
				m.KubeletStop()
				m.KillEtcd()
			}
			all := recovery.Survey(t.Context(), nodes, time.Now())
			t.Log("\n" + recovery.Report(all, nil))
			for name, e := range all {
				was := alive[name].Status
				if e.Disk == nil || e.Disk.ClusterID != was.ClusterID || e.Disk.MemberID != was.MemberID ||
					e.Disk.Name != name ||
					e.Disk.LastIndex < was.RaftIndex ||
					e.Disk.Revision < was.Revision ||
					len(e.Disk.Members) != 3 {
					t.Errorf("%s was %+v, and its disk says %+v (%v)", name, was, e.Disk, e.Warnings)
				}
				for _, p := range e.Peers {
					if p.Answers {
						t.Errorf("%s reaches %s, which is stopped", name, p.URL)
					}
				}
			}
			if v := recovery.Judge(all, ""); v.State != recovery.Startable || v.Voters != 3 || len(v.WithData) != 3 {
				t.Errorf("verdict %q", v.Text)
			}
		})
	}
}
