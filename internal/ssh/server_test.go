package ssh_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	etcdssh "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// listen has a place of its own.
func listen(t *testing.T, network, addr string) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), network, addr)
	must(t, err)
	return l
}

func portOf(l net.Listener) int {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	n, _ := strconv.Atoi(port)
	return n
}

// newKey gives a key and its PEM, encrypted where a passphrase is given.
func newKey(t *testing.T, passphrase string) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	var block *pem.Block
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(private, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	must(t, err)
	return signer, string(pem.EncodeToMemory(block))
}

// server is an SSH server for what a real one does seldom: each field makes it do one thing. Commands are run by this
// machine's shell.
type server struct {
	hostKey      ssh.Signer
	keys         []ssh.PublicKey // that may log in
	ca           ssh.PublicKey   // whose certificates may
	password     string
	asks         []string // questions for the password, where it is asked for interactively
	maxAuthTries int
	maxSessions  int
	shell        []string      // that runs commands; none is /bin/sh -c
	cutAfter     int           // bytes of output; 0 is never
	mute         time.Duration // before its banner
	dials        bool          // connections for its clients
	refuses      bool          // every connection for its clients
	says         string        // why it makes none
	noExec       bool          // it carries out nothing
	slow         time.Duration // to look at a key
	busy         int64         // connections that are closed before a word, as sshd does beyond MaxStartups

	addr        string
	connections atomic.Int64
	sessions    atomic.Int64
	mu          sync.Mutex
	commands    []string
	conns       []net.Conn
}

func (s *server) start(t *testing.T) *server {
	t.Helper()
	if s.hostKey == nil {
		s.hostKey, _ = newKey(t, "")
	}
	l := listen(t, "tcp", "127.0.0.1:0")
	s.addr = l.Addr().String()
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.connections.Add(1)
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			s.mu.Unlock()
			serving.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.cut()
		serving.Wait()
	})
	return s
}

// cut ends all connections.
func (s *server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
}

func (s *server) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	time.Sleep(s.mute)
	if s.connections.Load() <= s.busy {
		return
	}
	refused := errors.New("no")
	config := &ssh.ServerConfig{MaxAuthTries: s.maxAuthTries}
	if len(s.keys) > 0 || s.ca != nil {
		checker := ssh.CertChecker{
			IsUserAuthority: func(key ssh.PublicKey) bool {
				return s.ca != nil && bytes.Equal(key.Marshal(), s.ca.Marshal())
			},
			UserKeyFallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
				time.Sleep(s.slow)
				for _, k := range s.keys {
					if bytes.Equal(k.Marshal(), key.Marshal()) {
						return nil, nil
					}
				}
				return nil, refused
			},
		}
		config.PublicKeyCallback = checker.Authenticate
	}
	if s.password != "" && len(s.asks) == 0 {
		config.PasswordCallback = func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if string(password) != s.password {
				return nil, refused
			}
			return nil, nil
		}
	}
	if len(s.asks) > 0 {
		config.KeyboardInteractiveCallback = func(
			_ ssh.ConnMetadata,
			ask ssh.KeyboardInteractiveChallenge,
		) (*ssh.Permissions, error) {
			for _, q := range s.asks {
				answers, err := ask("", "", []string{q}, []bool{false})
				if err != nil || answers[0] != s.password {
					return nil, refused
				}
			}
			return nil, nil
		}
	}
	config.AddHostKey(s.hostKey)
	c, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	defer func() { _ = c.Close() }()
	for ch := range channels {
		switch ch.ChannelType() {
		case "session":
			s.session(conn, ch)
		case "direct-tcpip":
			s.tunnel(ch)
		default:
			_ = ch.Reject(ssh.UnknownChannelType, "")
		}
	}
}

func (s *server) session(conn net.Conn, ch ssh.NewChannel) {
	if n := s.sessions.Add(1); s.maxSessions > 0 && n > int64(s.maxSessions) {
		s.sessions.Add(-1)
		_ = ch.Reject(ssh.ConnectionFailed, "open failed") // as sshd does
		return
	}
	channel, requests, err := ch.Accept()
	if err != nil {
		s.sessions.Add(-1)
		return
	}
	go func() {
		defer s.sessions.Add(-1)
		defer func() { _ = channel.Close() }()
		for r := range requests {
			if r.Type != "exec" || s.noExec {
				_ = r.Reply(false, nil)
				continue
			}
			var exe struct{ Command string }
			_ = ssh.Unmarshal(r.Payload, &exe)
			_ = r.Reply(true, nil)
			s.mu.Lock()
			s.commands = append(s.commands, exe.Command)
			s.mu.Unlock()
			shell := s.shell
			if shell == nil {
				shell = []string{"/bin/sh", "-c"}
			}
			cmd := exec.Command(shell[0], append(shell[1:], exe.Command)...) //nolint:noctx // ends with its input
			cmd.Stdin, cmd.Stderr = channel, channel.Stderr()
			cmd.Stdout = channel
			if s.cutAfter > 0 {
				cmd.Stdout = &cutting{Writer: channel, left: s.cutAfter, cut: func() { _ = conn.Close() }}
			}
			cmd.WaitDelay = time.Second
			status := 0
			var exit *exec.ExitError
			if err := cmd.Run(); errors.As(err, &exit) {
				status = exit.ExitCode()
			} else if err != nil {
				status = 127
			}
			payload := ssh.Marshal(struct{ Status uint32 }{uint32(status)}) //nolint:gosec // it is small
			_, _ = channel.SendRequest("exit-status", false, payload)
			return
		}
	}()
}

// cutting ends a connection in the middle of what is written.
type cutting struct {
	io.Writer
	left int
	cut  func()
}

func (c *cutting) Write(p []byte) (int, error) {
	if c.left -= len(p); c.left <= 0 {
		c.cut()
	}
	return c.Writer.Write(p)
}

func (s *server) tunnel(ch ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	_ = ssh.Unmarshal(ch.ExtraData(), &to)
	if s.refuses || !s.dials {
		_ = ch.Reject(ssh.Prohibited, "no")
		return
	}
	if s.says != "" {
		_ = ch.Reject(ssh.ConnectionFailed, s.says)
		return
	}
	conn, err := net.Dial("tcp", net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port)))) //nolint:noctx // loopback
	if err != nil {
		_ = ch.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	channel, requests, err := ch.Accept()
	if err != nil {
		_ = conn.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(conn, channel); _ = conn.Close() }()
	go func() { _, _ = io.Copy(channel, conn); _ = channel.Close() }()
}

func (s *server) port() int {
	_, port, _ := net.SplitHostPort(s.addr)
	n, _ := strconv.Atoi(port)
	return n
}

// config reaches the server with nothing to log in with yet.
func (s *server) config() etcdssh.Config {
	return etcdssh.Config{
		Host:    "127.0.0.1",
		Port:    s.port(),
		User:    "ops",
		HostKey: line(s.hostKey.PublicKey()),
		Timeout: 5 * time.Second,
		Become:  etcdssh.BecomeNone,
	}
}

func line(key ssh.PublicKey) string { return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) }

// knownAs is a line of known hosts.
func (s *server) knownAs(key ssh.PublicKey) string { return knownhosts.Line([]string{s.addr}, key) }

func file(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// echo runs a command that proves that there is a shell.
func echo(ctx context.Context, c etcdssh.Config, via *etcdssh.Client) error {
	client := etcdssh.New(c, via)
	defer func() { _ = client.Close() }()
	out, err := client.Run(ctx, "echo $((40 + 2))")
	if err == nil && string(out) != "42\n" {
		err = fmt.Errorf("got %q", out)
	}
	return err
}

// wantError compares the kind of an error, and words of its text.
func wantError(t *testing.T, what string, err, kind error, words ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: got %v, want %v", what, err, kind)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: it does not say %q:\n%v", what, w, err)
		}
	}
}
