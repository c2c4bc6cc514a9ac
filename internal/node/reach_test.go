//go:build linux

package node_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// TestKind tells what fails before a node has said a word from what it says.
func TestKind(t *testing.T) {
	silent := func(text string) error { return fmt.Errorf("%w: %s", ssh.ErrSilent, text) }
	for _, c := range []struct {
		err      error
		kind     string
		answered bool
	}{
		{silent("dial tcp 10.0.0.1:22: i/o timeout"), node.KindTimeout, false},
		{context.DeadlineExceeded, node.KindTimeout, false},
		{fmt.Errorf("%w: %w", ssh.ErrSilent, syscall.ECONNREFUSED), node.KindRefusedPort, false},
		{silent("m1, as seen from the jump host j: connect failed: Connection refused"), node.KindRefusedPort, false},
		{fmt.Errorf("%w: %w", ssh.ErrSilent, syscall.EHOSTUNREACH), node.KindNoRoute, false},
		{fmt.Errorf("%w: %w", ssh.ErrSilent, syscall.ENETUNREACH), node.KindNoRoute, false},
		{silent("m1, as seen from the jump host j: connect failed: No route to host"), node.KindNoRoute, false},
		{fmt.Errorf("%w: no such host", ssh.ErrAddress), node.KindName, false},
		{fmt.Errorf("%w: administratively prohibited", ssh.ErrJump), node.KindJump, false},
		{fmt.Errorf("%w: connection refused", ssh.ErrJump), node.KindJump, false},
		{fmt.Errorf("%w: it says HTTP", ssh.ErrProtocol), node.KindLogin, true},
		{fmt.Errorf("%w: %w", ssh.ErrProtocol, ssh.ErrCommand), node.KindCommand, true},
		{fmt.Errorf("%w: another key", ssh.ErrHostKey), node.KindHostKey, true},
		{fmt.Errorf("%w: ops", ssh.ErrAuth), node.KindLogin, true},
		{fmt.Errorf("%w: no key", ssh.ErrLogin), node.KindLogin, true},
		{fmt.Errorf("%w: sudo", ssh.ErrPrivilege), node.KindCommand, true},
		{fmt.Errorf("%w: %w", ssh.ErrLocal, ssh.ErrLogin), node.KindLocal, true},
		{fmt.Errorf("%w: %w", ssh.ErrLocal, ssh.ErrJump), node.KindLocal, true},
		{node.ErrNoRuntime, node.KindCommand, true},
		{&ssh.ExitError{Code: 1}, node.KindCommand, true},
		{errors.New("other"), node.KindCommand, true},
	} {
		if kind, answered := node.Kind(c.err), node.Answered(c.err); kind != c.kind || answered != c.answered {
			t.Errorf("%v: %s, answered %v", c.err, kind, answered)
		}
	}
}

// TestKindOfConnection has the kernel and a server that is none say it.
func TestKindOfConnection(t *testing.T) {
	listen := func(serve func(net.Conn)) int {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		must(t, err)
		t.Cleanup(func() { _ = l.Close() })
		port := l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is a TCP listener
		if serve == nil {
			must(t, l.Close())
			return port
		}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				serve(conn)
			}
		}()
		return port
	}
	for kind, port := range map[string]int{
		node.KindRefusedPort: listen(nil),
		node.KindNoBanner:    listen(func(net.Conn) {}),
	} {
		client := ssh.New(ssh.Config{
			Host: "127.0.0.1", Port: port, User: "ops", Password: "x", Insecure: true, Timeout: time.Second,
		}, nil)
		_, err := node.New(node.Settings{Name: "m1"}, client).Look(t.Context())
		if err == nil || node.Kind(err) != kind {
			t.Errorf("got %v, want %s", err, kind)
		}
	}
	for name, config := range map[string]ssh.Config{
		"key":      {Host: "127.0.0.1", Insecure: true, PrivateKeyFile: "/none"},
		"no key":   {Host: "127.0.0.1", Insecure: true},
		"host key": {Host: "127.0.0.1", HostKey: "rubbish", Password: "x"},
	} {
		direct, behind := ssh.New(config, nil), ssh.New(ssh.Config{Host: "m1", Insecure: true, Password: "x"},
			ssh.New(config, nil))
		for _, client := range []*ssh.Client{direct, behind} {
			_, err := node.New(node.Settings{Name: "m1"}, client).Look(t.Context())
			if node.Kind(err) != node.KindLocal {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
	closes := ssh.New(ssh.Config{
		Host: "127.0.0.1", Port: listen(func(c net.Conn) { _ = c.Close() }), User: "ops", Password: "x", Insecure: true,
	}, nil)
	_, err := node.New(node.Settings{Name: "m1"}, closes).Look(t.Context())
	if err == nil || node.Kind(err) != node.KindNoBanner {
		t.Errorf("got %v", err)
	}
}
