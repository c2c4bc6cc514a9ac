//go:build linux

package lab_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/crypto/ssh"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/build"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
)

// leaderOf is the leader according to one node, 0 if it knows none.
func leaderOf(t *testing.T, l *lab.Lab, m lab.Identity) uint64 {
	t.Helper()
	c, err := l.Client(t.Context(), m.Name())
	labtest.Must(t, err)
	defer func() { _ = c.Close() }()
	s, err := c.Status(labtest.Timeout(t, 3*time.Second), m.ClientURL())
	labtest.Must(t, err)
	return s.Leader
}

func writable(ctx context.Context, l *lab.Lab, nodes ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 700*time.Millisecond)
	defer cancel()
	c, err := l.Client(ctx, nodes...)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	_, err = c.Put(ctx, "writable", "yes")
	return err
}

func TestMajorityLoss(t *testing.T) {
	l := labtest.Start(t, lab.Options{WALDir: true})
	m1, m2, m3 := l.Node("m1"), l.Node("m2"), l.Node("m3")
	labtest.Must(t, l.Fill(t.Context(), 500, 1000))
	for _, m := range l.Nodes() {
		labtest.Within(t, "all keys on "+m.Name(), func() bool {
			n, _, err := l.CountKeys(t.Context(), m.Name())
			return err == nil && n == 500
		})
	}
	if entries, err := os.ReadDir(m1.Path("/var/lib/etcd-wal")); err != nil || len(entries) == 0 {
		t.Errorf("the WAL folder has %v, %v", entries, err)
	}

	for _, m := range []lab.Node{m2, m3} {
		m.PowerOff()
		labtest.Must(t, m.WipeEtcd())
		if entries, err := os.ReadDir(m.Path("/var/lib/etcd")); err != nil || len(entries) != 0 {
			t.Errorf("after the wipe the data folder of %s has %v, %v", m.Name(), entries, err)
		}
		if pids := m.EtcdPIDs(); len(pids) != 0 {
			t.Errorf("%s is off but runs etcd: %v", m.Name(), pids)
		}
		if _, err := labtest.Dial(l, m, "root"); err == nil {
			t.Errorf("%s is off but lets one log in", m.Name())
		}
	}
	labtest.Within(t, "m1 without a leader", func() bool { return leaderOf(t, l, m1) == 0 })
	if err := writable(t.Context(), l, "m1"); err == nil {
		t.Error("m1 takes writes without a quorum")
	}
	if n, _, err := l.CountKeys(t.Context(), "m1"); err != nil || n != 500 {
		t.Errorf("m1 on its own has %d keys, %v", n, err)
	}

	// The way back by hand, which shows that the lab allows it: force m1, then see it take writes.
	text, err := os.ReadFile(m1.Path("/etc/kubernetes/manifests/etcd.yaml"))
	labtest.Must(t, err)
	forced := strings.Replace(string(text), "    - etcd\n", "    - etcd\n    - --force-new-cluster\n", 1)
	labtest.Must(t, os.WriteFile(m1.Path("/etc/kubernetes/.forced"), []byte(forced), 0o600))
	labtest.Must(t, os.Rename(m1.Path("/etc/kubernetes/.forced"), m1.Path("/etc/kubernetes/manifests/etcd.yaml")))
	labtest.Must(t, l.WaitHealthy(labtest.Timeout(t, labtest.Patience), "m1"))
	if !strings.Contains(m1.ContainerLog(), `"force-new-cluster":true`) {
		t.Error("the log of m1's last container does not tell of the force flag")
	}
	if n, _, err := l.CountKeys(t.Context(), "m1"); err != nil || n != 500 {
		t.Errorf("after the recovery m1 has %d keys, %v", n, err)
	}
}

func TestPowerCycle(t *testing.T) {
	l := labtest.Start(t, lab.Options{Shape: lab.SelfOnly})
	m2 := l.Node("m2")
	text, err := os.ReadFile(m2.Path("/etc/kubernetes/manifests/etcd.yaml"))
	labtest.Must(t, err)
	if want := "- --initial-cluster=m2=" + m2.PeerURL() + "\n"; !strings.Contains(string(text), want) {
		t.Errorf("the manifest has no line %q:\n%s", want, text)
	}
	before, err := m2.TreeHash("/etc")
	labtest.Must(t, err)
	m2.PowerOff()
	labtest.Within(t, "m1 and m3 in service", func() bool { return writable(t.Context(), l, "m1", "m3") == nil })
	labtest.Must(t, m2.PowerOn())
	labtest.Must(t, l.WaitHealthy(labtest.Timeout(t, labtest.Patience)))
	after, err := m2.TreeHash("/etc")
	labtest.Must(t, err)
	if before != after {
		t.Error("a power cycle has changed /etc")
	}
	labtest.Must(t, os.Chmod(m2.Path("/etc/kubernetes/manifests/etcd.yaml"), 0o640))
	if changed, err := m2.TreeHash("/etc"); err != nil || changed == after {
		t.Errorf("another mode does not show in the hash: %v", err)
	}
}

func TestCutOff(t *testing.T) {
	l := labtest.Start(t, lab.Options{})
	m1, m2 := l.Node("m1"), l.Node("m2")
	pids := m2.EtcdPIDs()
	conn := labtest.Connect(t, l, m2)
	other := labtest.Connect(t, l, m1)
	w, err := l.StartWriter(t.Context(), "m1", "m3")
	labtest.Must(t, err)

	m2.CutOff()
	labtest.Within(t, "m2 without a leader", func() bool { return leaderOf(t, l, m2) == 0 })
	if got := m2.EtcdPIDs(); len(got) != 1 || got[0] != pids[0] {
		t.Errorf("the etcd of m2 was %v and is %v", pids, got)
	}
	labtest.Within(t, "m1 and m3 in service", func() bool { return writable(t.Context(), l, "m1", "m3") == nil })
	if err := writable(t.Context(), l, "m2"); err == nil {
		t.Error("m2 takes writes while cut off")
	}
	if _, _, err := conn.SendRequest("keepalive@openssh.com", true, nil); err == nil {
		t.Error("the SSH connection to m2 is alive while it is cut off")
	}
	if _, err := labtest.Dial(l, m2, "root"); err == nil {
		t.Error("m2 lets one log in while cut off")
	}
	if _, err := other.Dial("tcp", m2.Host()+":2379"); err == nil {
		t.Error("m1 reaches m2 while it is cut off")
	}

	labtest.Must(t, m2.Reconnect())
	labtest.Must(t, l.WaitHealthy(labtest.Timeout(t, labtest.Patience)))
	healed := w.Acked()
	labtest.Within(t, "20 more writes", func() bool { return w.Acked() >= healed+20 })
	report := w.Stop()
	if len(report.Acked) < healed+20 || report.LongestGap < lab.WriterPace {
		t.Errorf("the writer has %d writes acknowledged, longest gap %v", len(report.Acked), report.LongestGap)
	}
	t.Logf("%d acknowledged, %d failed, longest gap %v", len(report.Acked), report.Failed, report.LongestGap)
	labtest.Within(t, "every acknowledged key on m2", func() bool {
		missing, err := l.Missing(t.Context(), "m2", report.Acked)
		return err == nil && len(missing) == 0
	})
	if missing, err := l.Missing(t.Context(), "m2", []string{"writer/none"}); err != nil || len(missing) != 1 {
		t.Errorf("of a key that was never written, Missing says %v, %v", missing, err)
	}
	if _, err := labtest.Dial(l, m2, "root"); err != nil {
		t.Errorf("m2 is connected again but %v", err)
	}

	t.Run("SSH reset", func(t *testing.T) {
		c := labtest.Connect(t, l, m2)
		m2.ResetSSH()
		wantReset(t, c)
		labtest.Connect(t, l, m2)
	})
	t.Run("SSH cut", func(t *testing.T) {
		refused := func(t *testing.T, when string) {
			t.Helper()
			if _, err := labtest.Dial(l, m2, "root"); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s: %v", when, err)
			}
		}
		c := labtest.Connect(t, l, m2)
		m2.CutSSH()
		wantReset(t, c)
		refused(t, "SSH cut")
		if leader := leaderOf(t, l, m2); leader == 0 {
			t.Error("m2 has lost its peers with its SSH")
		}
		labtest.Must(t, l.WaitHealthy(labtest.Timeout(t, labtest.Patience)))
		if got := m2.EtcdPIDs(); len(got) != 1 || got[0] != pids[0] {
			t.Errorf("the etcd of m2 was %v and is %v", pids, got)
		}
		m2.CutOff()
		labtest.Must(t, m2.Reconnect())
		refused(t, "SSH cut, and connected again")
		m2.PowerOff()
		labtest.Must(t, m2.PowerOn())
		refused(t, "SSH cut, and switched on again")
		m2.CutOff()
		labtest.Must(t, m2.RestoreSSH())
		refused(t, "SSH restored, and cut off")
		labtest.Must(t, m2.Reconnect())
		labtest.Connect(t, l, m2)

		m2.CutSSH()
		m2.PowerOff()
		labtest.Must(t, m2.RestoreSSH())
		refused(t, "SSH restored, and off")
		labtest.Must(t, m2.PowerOn())
		labtest.Connect(t, l, m2)
		labtest.Must(t, l.WaitHealthy(labtest.Timeout(t, labtest.Patience)))
	})
}

// wantReset wants a connection to have ended the hard way.
func wantReset(t *testing.T, c *ssh.Client) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the connection ended with %v", err)
		}
	case <-time.After(labtest.Patience):
		t.Error("the connection lives")
	}
}

func TestFreeze(t *testing.T) {
	l := labtest.Start(t, lab.Options{})
	m3 := l.Node("m3")
	conn := labtest.Connect(t, l, m3)
	m3.Freeze()
	labtest.Within(t, "m1 and m2 in service", func() bool { return writable(t.Context(), l, "m1", "m2") == nil })

	ctx := labtest.Timeout(t, 500*time.Millisecond)
	c, err := l.Client(ctx, "m3")
	labtest.Must(t, err)
	defer func() { _ = c.Close() }()
	if _, err := c.Get(ctx, "x", clientv3.WithSerializable()); !isTimeout(err) {
		t.Errorf("a frozen etcd answers: %v", err)
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		_, _, _ = conn.SendRequest("keepalive@openssh.com", true, nil)
	}()
	dialed := make(chan error, 1)
	go func() {
		c, err := labtest.Dial(l, m3, "root")
		if err == nil {
			_ = c.Close()
		}
		dialed <- err
	}()
	select {
	case <-answered:
		t.Error("a frozen SSH endpoint answers a keepalive")
	case err := <-dialed:
		t.Errorf("a frozen SSH endpoint ends a login: %v", err)
	case <-time.After(500 * time.Millisecond):
	}
	m3.Thaw()
	<-answered
	if err := <-dialed; err != nil {
		t.Errorf("the login that waited: %v", err)
	}
	labtest.Must(t, l.WaitHealthy(labtest.Timeout(t, labtest.Patience)))
}

func isTimeout(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, rpctypes.ErrTimeout)
}

func TestOlderServers(t *testing.T) {
	for _, minor := range []string{"3.5", "3.6"} {
		t.Run(minor, func(t *testing.T) {
			l := labtest.Start(t, lab.Options{Etcd: minor})
			labtest.Must(t, l.Fill(t.Context(), 10, 10))
			c, err := l.Client(t.Context())
			labtest.Must(t, err)
			defer func() { _ = c.Close() }()
			s, err := c.Status(t.Context(), l.Node("m1").ClientURL())
			labtest.Must(t, err)
			if s.Version != l.Version() || !strings.HasPrefix(s.Version, minor+".") {
				t.Errorf("etcd says it is %s, the lab %s", s.Version, l.Version())
			}
		})
	}
}

func TestPullImage(t *testing.T) {
	l := labtest.Start(t, lab.Options{Nodes: 1, Etcd: "3.6"})
	m := l.Node("m1")
	ref, err := m.PullImage(t.Context(), "3.7")
	labtest.Must(t, err)
	manifest := m.Path("/etc/kubernetes/manifests/etcd.yaml")
	text, err := os.ReadFile(manifest)
	labtest.Must(t, err)
	newer := strings.Replace(string(text), build.EtcdRef(l.Version()), ref, 1)
	labtest.Must(t, os.WriteFile(manifest, []byte(newer), 0o600))
	c, err := l.Client(t.Context())
	labtest.Must(t, err)
	defer func() { _ = c.Close() }()
	labtest.Within(t, "the newer etcd", func() bool {
		s, err := c.Status(labtest.Timeout(t, time.Second), m.ClientURL())
		return err == nil && strings.HasPrefix(s.Version, "3.7.")
	})
}
