package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// maxSessions stays below OpenSSH's default MaxSessions of 10.
const maxSessions = 8

// keepaliveEvery and keepaliveWait bound how long a frozen master or a cut network can hold a call: a connection that leaves one
// keepalive unanswered for keepaliveWait is closed.
const (
	keepaliveEvery = 5 * time.Second
	keepaliveWait  = 15 * time.Second
)

// Client is the one connection to one master. It dials when first needed, and again when the connection was lost.
type Client struct {
	config   Config
	sessions chan struct{}

	mu   sync.Mutex
	conn *ssh.Client
}

// New makes a client; nothing is dialled yet.
func New(c Config) *Client {
	return &Client{config: c, sessions: make(chan struct{}, maxSessions)}
}

// Close ends the connection.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return nil
	}
	err := c.conn.Close()
	c.conn = nil
	return err
}

// connect gives the living connection, dialling where there is none.
func (c *Client) connect(ctx context.Context) (*ssh.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		return c.conn, nil
	}
	conn, err := dial(ctx, c.config)
	if err != nil {
		return nil, err
	}
	c.conn = conn
	go keepalive(conn)
	go func() {
		_ = conn.Wait()
		c.forget(conn)
	}()
	return conn, nil
}

func (c *Client) forget(conn *ssh.Client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == conn {
		c.conn = nil
	}
}

func dial(ctx context.Context, c Config) (*ssh.Client, error) {
	check, algorithms, err := hostKeyCheck(c)
	if err != nil {
		return nil, err
	}
	methods, tried, closeAgent, err := authMethods(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeAgent()

	timeout := c.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Addr())
	var name *net.DNSError
	if errors.As(err, &name) {
		return nil, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSilent, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()

	var hostKeyErr error
	conn, channels, requests, err := ssh.NewClientConn(raw, c.Addr(), &ssh.ClientConfig{
		User: c.User,
		Auth: methods,
		HostKeyCallback: func(host string, remote net.Addr, key ssh.PublicKey) error {
			hostKeyErr = check(host, remote, key)
			return hostKeyErr
		},
		HostKeyAlgorithms: algorithms,
	})
	switch {
	case err == nil:
		return ssh.NewClient(conn, channels, requests), nil
	case hostKeyErr != nil:
		err = hostKeyErr
	case ctx.Err() != nil:
		err = fmt.Errorf("%w: %s took the connection and did not finish the handshake within %s", ErrSilent, c.Addr(), timeout)
	case strings.Contains(err.Error(), "unable to authenticate"):
		err = fmt.Errorf("%w: user %q at %s; tried: %s. Check the user and the key with: ssh -p %s %s@%s true",
			ErrAuth, c.User, c.Addr(), strings.Join(tried, "; "), portOf(c.Addr()), c.User, c.Host)
	case strings.Contains(err.Error(), "no common algorithm for host key"):
		err = fmt.Errorf("%w: %s does not offer the type of key that is known for it: %w", ErrHostKey, c.Addr(), err)
	case errors.Is(err, syscall.ECONNRESET):
		err = fmt.Errorf("%w: %s: %w", ErrSilent, c.Addr(), err)
	default:
		err = fmt.Errorf("%w: %s: %w", ErrProtocol, c.Addr(), err)
	}
	_ = raw.Close()
	return nil, err
}

func keepalive(conn *ssh.Client) {
	for {
		answered := make(chan error, 1)
		go func() {
			_, _, err := conn.SendRequest("keepalive@openssh.com", true, nil)
			answered <- err
		}()
		select {
		case err := <-answered:
			if err != nil {
				return
			}
		case <-time.After(keepaliveWait):
			_ = conn.Close()
			return
		}
		time.Sleep(keepaliveEvery)
	}
}

// ErrNoForwarding is a server that opens no connections for its clients.
var ErrNoForwarding = errors.New("sshd on the master forbids forwarding (AllowTcpForwarding), through which etcd is reached")

// DialContext opens a connection from the master to an address, as `ssh -W` does. Etcd is reached this way.
func (c *Client) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	to, err := conn.DialContext(ctx, network, addr)
	var refused *ssh.OpenChannelError
	if errors.As(err, &refused) && refused.Reason == ssh.Prohibited {
		return nil, fmt.Errorf("%w: %w", ErrNoForwarding, err)
	}
	return to, err
}

// session opens a session, and does not wait longer than ctx for a master that stands still.
func (c *Client) session(ctx context.Context) (*ssh.Session, error) {
	type opened struct {
		session *ssh.Session
		err     error
	}
	done := make(chan opened, 1)
	go func() {
		s, err := c.open(ctx)
		done <- opened{s, err}
	}()
	select {
	case o := <-done:
		return o.session, o.err
	case <-ctx.Done():
		go func() {
			if o := <-done; o.session != nil {
				_ = o.session.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// open opens a session. A connection that turns out to be dead is replaced once: nothing was run on it yet.
func (c *Client) open(ctx context.Context) (*ssh.Session, error) {
	for attempt := 0; ; attempt++ {
		conn, err := c.connect(ctx)
		if err != nil {
			return nil, err
		}
		session, err := conn.NewSession()
		if err == nil {
			return session, nil
		}
		var refused *ssh.OpenChannelError
		if errors.As(err, &refused) {
			return nil, fmt.Errorf("%s refuses another session (sshd's MaxSessions must allow %d): %w", c.config.Addr(), maxSessions, err)
		}
		c.forget(conn)
		_ = conn.Close()
		if attempt > 0 || ctx.Err() != nil {
			return nil, fmt.Errorf("%w: %w", ErrSilent, err)
		}
	}
}
