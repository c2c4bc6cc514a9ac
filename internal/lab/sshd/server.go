//go:build linux

package sshd

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

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/tcp"
)

// MaxSessions is sshd's default for the sessions open at a time over one connection.
const MaxSessions = 10

// errSSHUser and errSSHKey are what the endpoint tells itself; the client only hears that authentication failed.
var (
	errSSHUser = errors.New("no such user")
	errSSHKey  = errors.New("key not authorized")
)

// Config is what a Server works with.
type Config struct {
	Host       string
	Port       int
	Users      []string
	Authorized ssh.PublicKey               // the one key that lets any of the users in
	HostKey    func() (ssh.Signer, error)  // read for each connection
	Command    func(line string) *exec.Cmd // what a session runs for a line; for "" a shell that reads its commands
	Spawn      *proc.Spawner
	Frozen     *proc.FreezeGate // shut while the node is frozen
	// Dial connects a tunnel with what a process on the node could reach. The function that it returns is called in the
	// end.
	Dial func(ctx context.Context, host string, port uint32) (net.Conn, func(), error)
	Note func(format string, args ...any)
}

// A Server is the SSH endpoint of a node.
type Server struct {
	Config
	life   context.Context
	counts counters

	serving  sync.WaitGroup
	mu       sync.Mutex
	listener net.Listener
	conns    map[*conn]struct{}
	commands []string
}

// New makes a server that does not listen yet. What it dials ends with life.
func New(life context.Context, c Config) *Server { return &Server{Config: c, life: life} }

// Stats counts what went over an SSH endpoint since it was made.
type Stats struct {
	Connections int64 // TCP connections accepted
	Sessions    int64 // commands and shells
	Tunnels     int64 // forwarded connections
	BytesIn     int64 // to the node, as encrypted
	BytesOut    int64
}

type counters struct {
	connections, sessions, tunnels, bytesIn, bytesOut atomic.Int64
}

// Stats counts what went over it so far.
func (s *Server) Stats() Stats {
	c := &s.counts
	return Stats{
		Connections: c.connections.Load(), Sessions: c.sessions.Load(), Tunnels: c.tunnels.Load(),
		BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(),
	}
}

// Open starts to listen.
func (s *Server) Open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return nil
	}
	l, err := tcp.Listen(s.life, s.Host, s.Port)
	if err != nil {
		return fmt.Errorf("opening the SSH port: %w", err)
	}
	s.listener, s.conns = l, map[*conn]struct{}{}
	s.serving.Go(func() { s.accept(l) })
	return nil
}

// Shut refuses new connections and ends the ones there are. Commands that run go on, as they do when sshd loses a
// client.
func (s *Server) Shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return
	}
	_ = s.listener.Close()
	s.listener = nil
	s.resetAll()
}

// Reset ends the connections there are.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resetAll()
}

// resetAll is Reset where s.mu is held.
func (s *Server) resetAll() {
	for c := range s.conns {
		c.reset()
	}
}

func (s *Server) accept(l net.Listener) {
	for {
		raw, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		c := &conn{Conn: raw, server: s, closed: make(chan struct{})}
		s.mu.Lock()
		if s.listener != l { // shut meanwhile
			s.mu.Unlock()
			c.reset()
			return
		}
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		s.counts.connections.Add(1)
		s.serving.Go(func() {
			defer func() {
				_ = c.Close()
				s.mu.Lock()
				defer s.mu.Unlock()
				delete(s.conns, c)
			}()
			if err := s.serve(c); err != nil {
				s.Note("ssh: %v", err)
			}
		})
	}
}

func (s *Server) config() (*ssh.ServerConfig, error) {
	key, err := s.HostKey()
	if err != nil {
		return nil, err
	}
	config := &ssh.ServerConfig{
		ServerVersion: "SSH-2.0-etcdrecovery_lab",
		PublicKeyCallback: func(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if !slices.Contains(s.Users, meta.User()) {
				return nil, errSSHUser
			}
			if string(key.Marshal()) != string(s.Authorized.Marshal()) {
				return nil, errSSHKey
			}
			return &ssh.Permissions{}, nil
		},
	}
	config.AddHostKey(key)
	return config, nil
}

func (s *Server) serve(c *conn) error {
	config, err := s.config()
	if err != nil {
		return err
	}
	client, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	// Global requests are answered with failure, which is sshd's answer to a keepalive as well.
	s.serving.Go(func() { ssh.DiscardRequests(requests) })
	var sessions atomic.Int64
	for ch := range channels {
		switch ch.ChannelType() {
		case "session":
			if sessions.Add(1) > MaxSessions {
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
	_ = client.Wait() // says how the connection ended: by the client, or by Shut
	return nil
}

func (s *Server) record(command string) {
	s.counts.sessions.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, command)
}

// Commands are the commands that were run, in order.
func (s *Server) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Wait returns when nothing goes on any more, after Shut.
func (s *Server) Wait() { s.serving.Wait() }
