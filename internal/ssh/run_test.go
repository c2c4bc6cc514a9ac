package ssh_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	etcdssh "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

func writeFile(name, text string) error { return os.WriteFile(name, []byte(text), 0o600) }

// door is a server with a key that opens it.
func door(t *testing.T, s *server) (*server, etcdssh.Config) {
	t.Helper()
	user, pem := newKey(t, "")
	s.keys = []ssh.PublicKey{user.PublicKey()}
	config := s.start(t).config()
	config.PrivateKey = pem
	return s, config
}

// TestFewSessions has more commands at a time than the server allows.
func TestFewSessions(t *testing.T) {
	for _, most := range []int{1, 2} {
		s, config := door(t, &server{maxSessions: most})
		c := etcdssh.New(config, nil)
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				if out, err := c.Run(t.Context(), "sleep 0.05; echo done"); err != nil || string(out) != "done\n" {
					t.Errorf("MaxSessions %d: got %q, %v", most, out, err)
				}
			})
		}
		all.Wait()
		must(t, c.Close())
		if n := s.connections.Load(); n != 1 {
			t.Errorf("MaxSessions %d: %d connections", most, n)
		}
	}
	_, config := door(t, &server{maxSessions: -1})
	config.MaxSessions = 3
	must(t, echo(t.Context(), config, nil))
}

// TestNoSession has a server that allows none at all.
func TestNoSession(t *testing.T) {
	s, config := door(t, &server{maxSessions: 1})
	s.sessions.Store(1)
	if err := echo(t.Context(), config, nil); err == nil || !strings.Contains(err.Error(), "MaxSessions") ||
		errors.Is(err, etcdssh.ErrSilent) {
		t.Errorf("got %v", err)
	}
}

// TestLostConnection cuts a connection in the middle of output, and then between two commands.
func TestLostConnection(t *testing.T) {
	_, config := door(t, &server{cutAfter: 5000})
	c := etcdssh.New(config, nil)
	out, err := c.Run(t.Context(), "head -c 100000 /dev/zero")
	wantError(t, "in the middle of output", err, etcdssh.ErrSilent, "was lost while a command ran")
	if len(out) > 0 {
		t.Error("half an output was taken for a whole one")
	}

	s, config := door(t, &server{})
	c = etcdssh.New(config, nil)
	for range 3 {
		must(t, errors.Join(run(t, c)))
		s.cut()
	}
	must(t, run(t, c))
	must(t, c.Close())
}

func run(t *testing.T, c *etcdssh.Client) error {
	t.Helper()
	out, err := c.Run(t.Context(), "echo here")
	if err == nil && string(out) != "here\n" {
		t.Errorf("got %q", out)
	}
	return err
}

// TestSlowServer answers later than the timeout allows, and just in time.
func TestSlowServer(t *testing.T) {
	_, config := door(t, &server{mute: 300 * time.Millisecond})
	config.Timeout = 50 * time.Millisecond
	wantError(
		t,
		"too late",
		echo(t.Context(), config, nil),
		etcdssh.ErrSilent,
		"did not finish the handshake within 50ms",
	)
	config.Timeout = 10 * time.Second
	must(t, echo(t.Context(), config, nil))
}

// TestBusyServer closes connections before it says a word: for a while, and for good.
func TestBusyServer(t *testing.T) {
	_, config := door(t, &server{busy: 2})
	must(t, echo(t.Context(), config, nil))
	s, config := door(t, &server{busy: 100})
	err := echo(t.Context(), config, nil)
	wantError(t, "for good", err, etcdssh.ErrProtocol, "closes connections before it says a word", "MaxStartups")
	if n := s.connections.Load(); n < 2 || n > 5 {
		t.Errorf("it was asked %d times", n)
	}
}

// TestThereAndNotWell has servers that answer, and are of no use: none of them is silent.
func TestThereAndNotWell(t *testing.T) {
	_, config := door(t, &server{noExec: true})
	wantError(
		t,
		"one that carries out nothing",
		echo(t.Context(), config, nil),
		etcdssh.ErrProtocol,
		"carries out no command",
	)
	_, config = door(t, &server{slow: 2 * time.Second})
	config.Timeout = 300 * time.Millisecond
	wantError(
		t,
		"one whose login takes its time",
		echo(t.Context(), config, nil),
		etcdssh.ErrProtocol,
		"did not finish the login within 300ms",
	)

	// An agent that waits for its owner.
	socket := filepath.Join(t.TempDir(), "agent")
	l := listen(t, "unix", socket)
	defer func() { _ = l.Close() }()
	_, config = door(t, &server{})
	config.PrivateKey, config.Agent, config.AgentSocket, config.Timeout = "", true, socket, 300*time.Millisecond
	wantError(t, "an agent that says nothing", echo(t.Context(), config, nil), etcdssh.ErrLogin, "agent at "+socket)
}

// TestPasswordOnce gives sudo a password that is wrong, and no second time: a server may lock a user out for that.
func TestPasswordOnce(t *testing.T) {
	dir := t.TempDir()
	program := func(name, text string) string {
		path := filepath.Join(dir, name)
		//nolint:gosec // a command has to be executable
		must(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755))
		return path
	}
	program("id", "echo 1000")
	tries := filepath.Join(dir, "tries")
	program("sudo", `case "$*" in
  *-n*) echo "sudo: a password is required" >&2; exit 1;;
esac
echo "$*" >>`+tries+`; IFS= read -r p
[ "$p" = " right " ] || { echo "sudo: 1 incorrect password attempt" >&2; exit 1; }
exec /bin/sh -s`)
	login := program("login", `PATH=`+dir+`:$PATH exec /bin/sh "$@"`)
	for password, want := range map[string]int{"wrong": 1, " right ": 6} {
		_ = os.Remove(tries)
		_, config := door(t, &server{shell: []string{login, "-c"}})
		config.Become, config.BecomePassword = etcdssh.BecomeSudo, password
		c := etcdssh.New(config, nil)
		for range 5 {
			err := run(t, c)
			if password == "wrong" {
				wantError(t, password, err, etcdssh.ErrPrivilege, "Check become_password")
			} else {
				must(t, err)
			}
		}
		must(t, c.Close())
		text, _ := os.ReadFile(tries)
		if n := strings.Count(string(text), "\n"); n != want {
			t.Errorf("%q was given %d times, want %d: %s", password, n, want, text)
		}
		if strings.Contains(string(text), "right") || strings.Contains(string(text), "wrong") {
			t.Errorf("the password is in an argument list: %s", text)
		}
	}
	// Something that takes the password for a command, and says so.
	_, config := door(t, &server{shell: []string{program("shell", `/bin/sh -s; exit 1`)}})
	config.Become, config.BecomePassword = etcdssh.BecomeSudo, "hunter2"
	err := echo(t.Context(), config, nil)
	wantError(t, "a shell that runs what it reads", err, etcdssh.ErrPrivilege, "(become_password)")
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error has the password in it: %v", err)
	}
}

// TestLoginShells has login shells that greet, that refuse, and that do not read what bash reads.
func TestLoginShells(t *testing.T) {
	dir := t.TempDir()
	script := func(name, text string) string {
		path := filepath.Join(dir, name)
		//nolint:gosec // a command has to be executable
		must(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755))
		return path
	}
	for _, c := range []struct {
		name  string
		shell string
		words []string
	}{
		{"one that greets", script("greets", `echo "Welcome! \$(date)"; printf 'no newline'; exec /bin/sh "$@"`), nil},
		{"nologin", script("nologin", `echo "This account is currently not available."; exit 1`), []string{
			"gets no shell that reads a script", "currently not available",
		}},
		{"a forced command", script("forced", `echo backup done; exit 0`), []string{
			"gets no shell that reads a script", "backup done", "ForceCommand",
		}},
	} {
		_, config := door(t, &server{shell: []string{c.shell, "-c"}})
		err := echo(t.Context(), config, nil)
		if c.words == nil {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		wantError(t, c.name, err, etcdssh.ErrPrivilege, c.words...)
	}
}

// TestExitCodes tells a script that failed from one that never began.
func TestExitCodes(t *testing.T) {
	_, config := door(t, &server{})
	c := etcdssh.New(config, nil)
	defer func() { must(t, c.Close()) }()
	out, err := c.Run(t.Context(), "echo half; echo why >&2; exit 7")
	var exit *etcdssh.ExitError
	if !errors.As(err, &exit) || exit.Code != 7 || exit.Stderr != "why" || string(out) != "half\n" {
		t.Errorf("got %q, %v", out, err)
	}
	if _, err := c.Run(t.Context(), "read line && echo \"$line\""); !errors.As(err, &exit) { // there is nothing to read
		t.Errorf("a script has read the rest of itself: %v", err)
	}
}
