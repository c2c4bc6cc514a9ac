//go:build linux && e2e

package e2e_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
)

// machines looks at the lab itself: a master that is a machine of its own, and what can befall it. It leaves the
// cluster as it found it.
func machines(t *testing.T, l *lab.Lab) {
	m := l.Debian("m2")
	shell := func(script string) string {
		t.Helper()
		out, err := m.Run(t.Context(), "sh", "-c", script)
		must(t, err)
		return strings.TrimSpace(out)
	}
	if got := shell("hostname; ps -p 1 -o comm=; pgrep -c systemd-journal"); got != "m2\nsystemd\n1" {
		t.Errorf("host name, first process and journals: %q", got)
	}
	if got := shell(
		"pgrep -x kubelet -c; pgrep -x sshd -c; pgrep -x containerd -c; pgrep -x etcd -c",
	); got != "1\n1\n1\n1" {
		t.Errorf("processes of kubelet, sshd, containerd and etcd: %q", got)
	}
	if got := shell(
		"cat /proc/sys/kernel/panic_on_oops; echo 0 >/proc/sys/kernel/panic_on_oops; cat /proc/sys/net/ipv4/ip_forward",
	); !strings.HasPrefix(got, "1") {
		t.Errorf("the kubelet's settings: %q", got)
	}
	if _, err := dial(t, "192.0.2.1:80"); err == nil {
		t.Error("the host namespace has a way out")
	}

	t.Run("power", func(t *testing.T) {
		shell("touch /run/marker /root/marker")
		m.PowerOff()
		if _, err := dial(t, lab.SSHAddress(m)); err == nil {
			t.Error("a master that is off answers")
		}
		must(t, m.PowerOn())
		if got := shell("ls /run/marker /root/marker 2>/dev/null; true"); got != "/root/marker" {
			t.Errorf("of the memory and the disk there is: %q", got)
		}
		must(t, l.WaitHealthy(soon(t)))
	})
	t.Run("freeze", func(t *testing.T) {
		m.Freeze()
		c, err := dial(t, lab.SSHAddress(m))
		must(t, err) // the kernel still takes connections
		must(t, c.SetReadDeadline(time.Now().Add(time.Second)))
		if n, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("a frozen master has said %d bytes", n)
		}
		must(t, c.Close())
		m.Thaw()
		must(t, l.WaitHealthy(soon(t)))
	})
	t.Run("cut off", func(t *testing.T) {
		before := m.EtcdPIDs()
		m.CutOff()
		if _, err := dial(t, lab.SSHAddress(m)); err == nil {
			t.Error("a master that is cut off answers")
		}
		must(t, m.Reconnect())
		must(t, l.WaitHealthy(soon(t)))
		if after := m.EtcdPIDs(); len(after) != 1 || after[0] != before[0] {
			t.Errorf("etcd's processes before and after: %v, %v", before, after)
		}
	})
	t.Run("SSH", func(t *testing.T) {
		refused := func(when string) {
			t.Helper()
			if _, err := dial(t, lab.SSHAddress(m)); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s: %v", when, err)
			}
		}
		before := m.EtcdPIDs()
		c := login(t, l, m)
		m.ResetSSH()
		if err := c.Wait(); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("a connection that was reset ended with %v", err)
		}
		c = login(t, l, m)
		s, err := c.NewSession()
		must(t, err)
		must(t, s.Start("sleep 2; touch survived"))
		m.CutSSH()
		if err := c.Wait(); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("a connection that was cut ended with %v", err)
		}
		refused("SSH cut")
		must(t, l.WaitHealthy(soon(t)))
		m.CutOff()
		must(t, m.Reconnect())
		refused("SSH cut, and connected again")
		if after := m.EtcdPIDs(); len(after) != 1 || after[0] != before[0] {
			t.Errorf("etcd's processes before and after: %v, %v", before, after)
		}
		until(t, "what the command writes", 10*time.Second, func() bool {
			_, err := os.Stat(m.Path("/home/ops/survived"))
			return err == nil
		})
		m.PowerOff()
		must(t, m.PowerOn())
		refused("SSH cut, and switched on again")
		must(t, m.RestoreSSH())
		login(t, l, m)
		must(t, l.WaitHealthy(soon(t)))
	})
	t.Run("commands", func(t *testing.T) {
		c := login(t, l, m)
		const sleeps = "ps -C sleep -o stat= | grep -vc Z; true" // systemd may not have collected all yet
		var sessions []*ssh.Session
		for _, command := range []string{"sleep 77; :", "sudo -n sh -c 'sleep 77; :'; :", "setsid sleep 77 " +
			">/dev/null 2>&1 </dev/null & sleep 77"} {
			s, err := c.NewSession()
			must(t, err)
			must(t, s.Start(command))
			sessions = append(sessions, s)
		}
		until(t, "the commands", 10*time.Second, func() bool { return shell(sleeps) == "4" })
		m.KillCommands()
		if got := shell(sleeps); got != "0" {
			t.Errorf("commands left: %s", got)
		}
		for _, s := range sessions {
			var exit *ssh.ExitError
			if err := s.Wait(); !errors.As(err, &exit) || exit.Signal() != "KILL" {
				t.Errorf("a command ended with %v", err)
			}
		}
		s, err := c.NewSession()
		must(t, err)
		must(t, s.Run("true"))
	})
	t.Run("kubelet", func(t *testing.T) {
		before, kubelet := m.EtcdPIDs(), shell("pgrep -x kubelet")
		m.KubeletRestart()
		if now := shell("pgrep -x kubelet"); now == kubelet {
			t.Errorf("the kubelet is still %s", now)
		}
		must(t, l.WaitHealthy(soon(t)))
		if after := m.EtcdPIDs(); len(after) != 1 || after[0] != before[0] {
			t.Errorf("etcd's processes before and after: %v, %v", before, after)
		}
	})
	t.Run("disk", func(t *testing.T) {
		t.Log(shell("df -h /"))
		must(t, m.FillDisk())
		if got := shell(
			"LC_ALL=C dd if=/dev/zero of=/var/lib/etcd/file bs=1 count=1 2>&1 | grep -o 'No space left'; rm -f " +
				"/var/lib/etcd/file",
		); got != "No space left" {
			t.Errorf("writing to a full disk: %q", got)
		}
		must(t, m.FreeDisk())
		shell("cat /etc/hostname >/var/lib/etcd/file; rm /var/lib/etcd/file")
		must(t, l.WaitHealthy(soon(t)))
	})
	t.Run("image", func(t *testing.T) {
		m.RemoveImage()
		if got := shell("ctr -n k8s.io images ls -q"); strings.Contains(got, "/etcd:") {
			t.Errorf("images: %s", got)
		}
		m.RestoreImage()
		if got := shell("ctr -n k8s.io images ls -q"); !strings.Contains(got, "/etcd:") {
			t.Errorf("images: %s", got)
		}
	})
}

func dial(t *testing.T, address string) (net.Conn, error) {
	t.Helper()
	d := net.Dialer{Timeout: time.Second}
	return d.DialContext(t.Context(), "tcp", address)
}

// login opens an SSH connection as a user who has sudo.
func login(t *testing.T, l *lab.Lab, m lab.Identity) *ssh.Client {
	t.Helper()
	c, err := labtest.Dial(l, m, "ops")
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
