//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/spawn"
)

// maxSessions is sshd's default for the sessions open at a time over one connection.
const maxSessions = 10

// errSSHUser and errSSHKey are what the endpoint tells itself; the client only hears that authentication failed.
var (
	errSSHUser = errors.New("no such user")
	errSSHKey  = errors.New("key not authorized")
)

// An sshServer is the SSH endpoint of a master.
type sshServer struct {
	life       context.Context // ends with the lab
	host       string
	authorized ssh.PublicKey
	users      []string
	frozen     *gate
	signer     func() (ssh.Signer, error) // the host key, read for each connection
	command    func(line string) *exec.Cmd
	spawn      *spawn.Spawner
	dial       func(ctx context.Context, host string, port uint32) (net.Conn, func(), error)
	note       func(format string, args ...any)
	counters   counters

	serving  sync.WaitGroup
	mu       sync.Mutex
	listener net.Listener
	conns    map[*sshConn]struct{}
	commands []string
}

type counters struct {
	connections, sessions, tunnels, bytesIn, bytesOut atomic.Int64
}

// open starts to listen.
func (s *sshServer) open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return nil
	}
	l, err := listen(s.life, s.host, sshPort)
	if err != nil {
		return fmt.Errorf("opening the SSH port: %w", err)
	}
	s.listener, s.conns = l, map[*sshConn]struct{}{}
	s.serving.Go(func() { s.accept(l) })
	return nil
}

// shut refuses new connections and ends the ones there are. Commands that run go on, as they do when sshd loses a
// client.
func (s *sshServer) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return
	}
	_ = s.listener.Close()
	s.listener = nil
	s.resetAll()
}

// reset ends the connections there are.
func (s *sshServer) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resetAll()
}

// resetAll is reset where s.mu is held.
func (s *sshServer) resetAll() {
	for c := range s.conns {
		c.reset()
	}
}

func (s *sshServer) accept(l net.Listener) {
	for {
		raw, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		c := &sshConn{Conn: raw, server: s, closed: make(chan struct{})}
		s.mu.Lock()
		if s.listener != l { // shut meanwhile
			s.mu.Unlock()
			c.reset()
			return
		}
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		s.counters.connections.Add(1)
		s.serving.Go(func() {
			defer func() {
				_ = c.Close()
				s.mu.Lock()
				defer s.mu.Unlock()
				delete(s.conns, c)
			}()
			if err := s.serve(c); err != nil {
				s.note("ssh: %v", err)
			}
		})
	}
}

func (s *sshServer) config() (*ssh.ServerConfig, error) {
	key, err := s.signer()
	if err != nil {
		return nil, err
	}
	config := &ssh.ServerConfig{
		ServerVersion: "SSH-2.0-etcdrecovery_lab",
		PublicKeyCallback: func(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if !slices.Contains(s.users, meta.User()) {
				return nil, errSSHUser
			}
			if string(key.Marshal()) != string(s.authorized.Marshal()) {
				return nil, errSSHKey
			}
			return &ssh.Permissions{}, nil
		},
	}
	config.AddHostKey(key)
	return config, nil
}

func (s *sshServer) serve(c *sshConn) error {
	config, err := s.config()
	if err != nil {
		return err
	}
	conn, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	// Global requests are answered with failure, which is sshd's answer to a keepalive as well.
	s.serving.Go(func() { ssh.DiscardRequests(requests) })
	var sessions atomic.Int64
	for ch := range channels {
		switch ch.ChannelType() {
		case "session":
			if sessions.Add(1) > maxSessions {
				sessions.Add(-1)
				_ = ch.Reject(ssh.ConnectionFailed, "open failed") // in sshd's words
				continue
			}
			s.serving.Go(func() {
				defer sessions.Add(-1)
				s.session(ch)
			})
		case "direct-tcpip":
			s.serving.Go(func() { s.tunnel(ch) })
		default:
			_ = ch.Reject(ssh.UnknownChannelType, "unknown channel type")
		}
	}
	_ = conn.Wait() // says how the connection ended: by the client, or by shut
	return nil
}

func (s *sshServer) record(command string) {
	s.counters.sessions.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, command)
}

func (s *sshServer) recorded() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// An sshConn counts bytes, and stands still while the master is frozen.
type sshConn struct {
	net.Conn
	server *sshServer
	once   sync.Once
	closed chan struct{}
}

func (c *sshConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.server.counters.bytesIn.Add(int64(n))
	if !c.server.frozen.wait(c.closed) {
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *sshConn) Write(b []byte) (int, error) {
	if !c.server.frozen.wait(c.closed) {
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Write(b)
	c.server.counters.bytesOut.Add(int64(n))
	return n, err
}

func (c *sshConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

func (c *sshConn) reset() {
	c.once.Do(func() { close(c.closed) })
	reset(c.Conn)
}
