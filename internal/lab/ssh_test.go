//go:build linux

package lab_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/disk"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/sshd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
)

func TestSSH(t *testing.T) {
	l := labtest.Start(t, lab.Options{Nodes: 1})
	m := l.Node("m1")
	c := labtest.Connect(t, l, m)

	t.Run("command", func(t *testing.T) {
		out, errs, status := labtest.Run(t, c, "hello\n", `cat; echo oops >&2; echo "$HOME"; exit 3`)
		if want := "hello\n" + m.Path("/root") + "\n"; out != want || errs != "oops\n" || status != 3 {
			t.Errorf("got %q, %q, %d", out, errs, status)
		}
	})
	t.Run("large output", func(t *testing.T) {
		if out, _, _ := labtest.Run(t, c, "", "head -c 3000000 /dev/zero"); len(out) != 3000000 {
			t.Errorf("got %d bytes", len(out))
		}
	})
	t.Run("signals", func(t *testing.T) {
		s, err := c.NewSession()
		labtest.Must(t, err)
		labtest.Must(t, s.Start("sleep 60"))
		labtest.Must(t, s.Signal(ssh.SIGTERM))
		var exit *ssh.ExitError
		if err := s.Wait(); !errors.As(err, &exit) || exit.Signal() != "TERM" {
			t.Errorf("the command ended with %v", err)
		}
	})
	t.Run("a command survives its client", func(t *testing.T) {
		other := labtest.Connect(t, l, m)
		s, err := other.NewSession()
		labtest.Must(t, err)
		labtest.Must(t, s.Start("sleep 0.3; touch survived"))
		time.Sleep(50 * time.Millisecond)
		labtest.Must(t, other.Close())
		labtest.Within(t, "the file", func() bool {
			_, err := os.Stat(m.Path("/root/survived"))
			return err == nil
		})
	})
	t.Run("sessions", func(t *testing.T) {
		other := labtest.Connect(t, l, m)
		var open []*ssh.Session
		for range sshd.MaxSessions {
			s, err := other.NewSession()
			labtest.Must(t, err)
			open = append(open, s)
		}
		if _, err := other.NewSession(); err == nil {
			t.Error("one session more than allowed was opened")
		}
		labtest.Must(t, open[0].Close())
		labtest.Within(t, "a session in place of a closed one", func() bool {
			_, err := other.NewSession()
			return err == nil
		})
	})
	t.Run("tunnel", func(t *testing.T) {
		for _, host := range []string{m.Host(), "127.0.0.1"} {
			client := http.Client{Transport: &http.Transport{
				DialContext:     c.DialContext,
				TLSClientConfig: l.ClientTLS(),
			}}
			request, err := http.NewRequestWithContext(
				t.Context(),
				http.MethodGet,
				"https://"+host+":2379/version",
				nil,
			)
			labtest.Must(t, err)
			r, err := client.Do(request)
			labtest.Must(t, err)
			body, err := io.ReadAll(r.Body)
			labtest.Must(t, errors.Join(err, r.Body.Close()))
			if !strings.Contains(string(body), l.Version()) {
				t.Errorf("through %s: %s", host, body)
			}
			client.CloseIdleConnections()
		}
		var refused *ssh.OpenChannelError
		if _, err := c.Dial("tcp", "192.0.2.1:80"); !errors.As(err, &refused) || refused.Reason != ssh.Prohibited {
			t.Errorf("a tunnel out of the lab: %v", err)
		}
		if _, err := c.Dial("tcp", m.Host()+":1"); !errors.As(err, &refused) || refused.Reason != ssh.ConnectionFailed {
			t.Errorf("a tunnel to a closed port: %v", err)
		}
	})
	t.Run("users and keys", func(t *testing.T) {
		if other, err := labtest.Dial(l, m, "ops"); err != nil {
			t.Error(err)
		} else {
			_ = other.Close()
		}
		if _, err := labtest.Dial(l, m, "nobody"); err == nil {
			t.Error("nobody was let in")
		}
		labtest.Must(t, m.RotateHostKey())
		var changed *knownhosts.KeyError
		if _, err := labtest.Dial(l, m, "root"); !errors.As(err, &changed) {
			t.Errorf("with another host key: %v", err)
		}
	})
	t.Run("sudo", func(t *testing.T) {
		if out, _, status := labtest.Run(t, c, "", "sudo -n -- echo yes"); out != "yes\n" || status != 0 {
			t.Errorf("sudo: %q, %d", out, status)
		}
		labtest.Must(t, m.SudoFails(true))
		_, errs, status := labtest.Run(t, c, "", "sudo -n true")
		if errs != "sudo: a password is required\n" || status != 1 {
			t.Errorf("sudo without a password: %q, %d", errs, status)
		}
		labtest.Must(t, m.SudoPassword("secret"))
		out, errs, status := labtest.Run(t, c, "secret\nmore\n", "sudo -S -p '' cat")
		if out != "more\n" || errs != "" || status != 0 {
			t.Errorf("sudo with the password: %q, %q, %d", out, errs, status)
		}
		if _, _, status := labtest.Run(t, c, "wrong\n", "sudo -S -p '' true"); status != 1 {
			t.Errorf("sudo with a wrong password: %d", status)
		}
		labtest.Must(t, m.SudoFails(false))
		if _, _, status := labtest.Run(t, c, "", "sudo true"); status != 0 {
			t.Errorf("sudo: %d", status)
		}
	})
	t.Run("certificates", func(t *testing.T) {
		handshake := func() error {
			d := tls.Dialer{Config: l.ClientTLS()}
			conn, err := d.DialContext(t.Context(), "tcp", m.Host()+":2379")
			if err == nil {
				_ = conn.Close()
			}
			return err
		}
		labtest.Must(t, handshake())
		labtest.Must(t, m.ExpireCerts())
		if err := handshake(); err == nil || !strings.Contains(err.Error(), "expired") {
			t.Errorf("with an expired certificate: %v", err)
		}
		labtest.Must(t, m.RenewCerts())
		labtest.Must(t, handshake())
	})
	t.Run("a disk without a size", func(t *testing.T) {
		labtest.Must(t, m.FreeDisk())
		if err := m.FillDisk(); !errors.Is(err, disk.ErrNoSize) {
			t.Errorf("filling it: %v", err)
		}
	})
	t.Run("counts", func(t *testing.T) {
		s := m.Stats()
		commands := m.Commands()
		if s.Connections < 5 || s.Sessions != int64(len(commands)) || s.Tunnels != 2 || s.BytesOut < 3000000 ||
			s.BytesIn == 0 {
			t.Errorf("counted %+v", s)
		}
		if len(commands) < 8 || !strings.HasPrefix(commands[0], "cat;") {
			t.Errorf("recorded %q", commands)
		}
	})
}

func TestDaemons(t *testing.T) {
	l := labtest.Start(t, lab.Options{Nodes: 1})
	m := l.Node("m1")
	c := labtest.Connect(t, l, m)
	daemon := func() {
		labtest.Run(t, c, "", "setsid sleep 60 >/dev/null 2>&1 </dev/null & sleep 0.05")
		if pids := proc.OfSessions(m.Path("/")); len(pids) != 1 {
			t.Fatalf("the daemon is not found: %v", pids)
		}
	}
	daemon()
	etcd := m.EtcdPIDs()
	for range 20 { // a shell must not go on to what follows
		s, err := c.NewSession()
		labtest.Must(t, err)
		labtest.Must(t, s.Start("sh -c 'sleep 60; :'; :"))
		labtest.Must(t, wait.Until(t.Context(), 10*time.Millisecond, func() error {
			if len(proc.OfSessions(m.Path("/"))) == 0 {
				return errors.New("the command has not begun")
			}
			return nil
		}))
		m.KillCommands()
		if pids := proc.OfSessions(m.Path("/")); len(pids) != 0 {
			t.Errorf("commands and daemons that were killed: %v", pids)
		}
		var exit *ssh.ExitError
		if err := s.Wait(); !errors.As(err, &exit) || exit.Signal() != "KILL" {
			t.Errorf("the command ended with %v", err)
		}
	}
	if got := m.EtcdPIDs(); len(got) != 1 || got[0] != etcd[0] {
		t.Errorf("etcd was %v and is %v", etcd, got)
	}
	daemon() // over the same connection
	m.PowerOff()
	labtest.Within(t, "the daemon gone", func() bool { return len(proc.OfSessions(m.Path("/"))) == 0 })
}
