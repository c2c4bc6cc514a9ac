package ssh_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	etcdssh "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// TestJumpHosts goes by way of two jump hosts, of which each connection is made once, and then without one of them.
func TestJumpHosts(t *testing.T) {
	first, firstConfig := door(t, &server{dials: true})
	second, secondConfig := door(t, &server{dials: true})
	one := etcdssh.New(firstConfig, nil)
	two := etcdssh.New(secondConfig, one)
	defer func() { must(t, errors.Join(two.Close(), one.Close())) }()
	var masters []*server
	var clients []*etcdssh.Client
	for range 3 {
		s, config := door(t, &server{})
		c := etcdssh.New(config, two)
		defer func() { must(t, c.Close()) }()
		must(t, run(t, c))
		must(t, run(t, c))
		masters, clients = append(masters, s), append(clients, c)
	}
	for i, s := range append(masters, first, second) {
		if n := s.connections.Load(); n != 1 {
			t.Errorf("server %d has had %d connections", i, n)
		}
	}
	first.cut() // and with it everything behind it
	for deadline := time.Now().Add(20 * time.Second); ; {
		err := run(t, clients[0])
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// TestJumpHostFails tells a master that does not answer from one to which there is no way.
func TestJumpHostFails(t *testing.T) {
	l := listen(t, "tcp", "127.0.0.1:0")
	closed := portOf(l)
	must(t, l.Close())
	_, master := door(t, &server{})

	_, jump := door(t, &server{dials: true})
	gone := master
	gone.Port = closed
	wantError(
		t,
		"a master that does not listen",
		echo(t.Context(), gone, etcdssh.New(jump, nil)),
		etcdssh.ErrSilent,
		"as seen from the jump host 127.0.0.1:",
	)

	// What a jump host cannot find says nothing of the master.
	_, lost := door(t, &server{dials: true, says: "connect failed: Name or service not known"})
	wantError(
		t,
		"a name that the jump host does not know",
		echo(t.Context(), master, etcdssh.New(lost, nil)),
		etcdssh.ErrJump,
		"Name or service not known",
	)
	_, off := door(t, &server{dials: true, says: "connect failed: No route to host"})
	c := etcdssh.New(master, etcdssh.New(off, nil))
	err := run(t, c)
	wantError(t, "a master that is off", err, etcdssh.ErrSilent, "No route to host")
	if strings.Contains(err.Error(), "MaxSessions") {
		t.Errorf("got %v", err)
	}

	// Nor does one that has died meanwhile.
	s, dying := door(t, &server{dials: true})
	line := &far{}
	dying.Port = line.at(t, s.addr)
	via := etcdssh.New(dying, nil)
	must(t, run(t, via))
	line.cut.Store(true)
	behind := master
	behind.Timeout = 300 * time.Millisecond
	err = echo(t.Context(), behind, via)
	wantError(t, "behind a jump host that has died", err, etcdssh.ErrJump)
	if errors.Is(err, etcdssh.ErrSilent) {
		t.Errorf("the master is taken for silent: %v", err)
	}

	away := jump
	away.Port = closed
	_, refuses := door(t, &server{refuses: true})
	stranger := jump
	_, stranger.PrivateKey = newKey(t, "")
	for name, config := range map[string]etcdssh.Config{"a jump host that is away": away, "one that lets nobody " +
		"through": refuses, "one that refuses the login": stranger} {
		err := echo(t.Context(), master, etcdssh.New(config, nil))
		wantError(t, name, err, etcdssh.ErrJump, "127.0.0.1:")
		if errors.Is(err, etcdssh.ErrSilent) || errors.Is(err, etcdssh.ErrAuth) {
			t.Errorf("%s: the master is blamed: %v", name, err)
		}
	}
}
