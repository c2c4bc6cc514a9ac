package ssh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Client is the one connection to one server. It dials when first needed, and again when the connection was lost.
type Client struct {
	settling chan struct{}                                  // has room for the one who finds out
	resolve  func(context.Context) (Config, *Client, error) // nil once that is known
	config   Config
	via      *Client // the jump host on the way; nil for none
	sessions *limit

	dialling chan struct{} // has room for the one who dials
	mu       sync.Mutex
	conn     *ssh.Client

	probing chan struct{} // has room for the one who finds out
	way     way           // "" until it is known
	noWay   error         // what became of the one try
}

// New makes a client that goes by way of another one, which many may share; nil for none. Nothing is dialled yet.
func New(c Config, via *Client) *Client {
	return NewLazy(func(context.Context) (Config, *Client, error) { return c, via, nil })
}

// NewLazy is New for a server of which is found out when it is first needed how it is reached.
func NewLazy(resolve func(context.Context) (Config, *Client, error)) *Client {
	return &Client{
		resolve:  resolve,
		settling: make(chan struct{}, 1),
		dialling: make(chan struct{}, 1),
		probing:  make(chan struct{}, 1),
	}
}

// settle finds out how the server is reached.
func (c *Client) settle(ctx context.Context) error {
	leave, err := enter(ctx, c.settling)
	if err != nil {
		return err
	}
	defer leave()
	if c.resolve == nil {
		return nil
	}
	config, via, err := c.resolve(ctx)
	if err != nil {
		return &also{ErrLocal, err}
	}
	c.config, c.via, c.sessions, c.resolve = config, via, newLimit(cmp.Or(config.MaxSessions, DefaultMaxSessions)), nil
	return nil
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

// enter waits for the one place in a room, for as long as ctx allows.
func enter(ctx context.Context, room chan struct{}) (leave func(), err error) {
	select {
	case room <- struct{}{}:
		return func() { <-room }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// connect gives the living connection, dialling where there is none.
func (c *Client) connect(ctx context.Context) (*ssh.Client, error) {
	if err := c.settle(ctx); err != nil {
		return nil, err
	}
	leave, err := enter(ctx, c.dialling)
	if err != nil {
		return nil, err
	}
	defer leave()
	if conn := c.current(); conn != nil {
		return conn, nil
	}
	conn, err := dial(ctx, c.config, c.via)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.conn = conn
	c.mu.Unlock()
	go keepalive(conn, cmp.Or(c.config.Keepalive, DefaultKeepalive))
	go func() {
		_ = conn.Wait()
		c.forget(conn)
	}()
	return conn, nil
}

func (c *Client) current() *ssh.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn
}

// aliveWait is how long a server is given for a sign of life.
const aliveWait = 5 * time.Second

// alive asks the server for a sign of life over the connection there is.
func (c *Client) alive() bool {
	conn := c.current()
	return conn != nil && beat(conn, aliveWait) == nil
}

func (c *Client) forget(conn *ssh.Client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == conn {
		c.conn = nil
	}
}

// ErrNoForwarding is a server that opens no connections for its clients.
var ErrNoForwarding = errors.New(
	"sshd on the master forbids forwarding (AllowTcpForwarding, PermitOpen), through which etcd is reached",
)

// ErrNotConnected is a server that was not reached itself.
var ErrNotConnected = errors.New("no connection to the node")

// NotDialed reports whether an error of DialContext says nothing of the address: the server was not reached, or did not
// even try to connect. What it tried and what took too long is no such error.
func NotDialed(err error) bool {
	var refused *ssh.OpenChannelError
	switch {
	case errors.Is(err, ErrNotConnected):
		return true
	case err == nil, errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.As(err, &refused):
		return refused.Reason != ssh.ConnectionFailed
	}
	return true
}

// DialContext opens a connection from the server to an address, as `ssh -W` does. Etcd is reached this way.
func (c *Client) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotConnected, err)
	}
	to, err := conn.DialContext(ctx, network, addr)
	var refused *ssh.OpenChannelError
	if errors.As(err, &refused) && refused.Reason == ssh.Prohibited {
		return nil, fmt.Errorf("%w: %w", ErrNoForwarding, err)
	}
	return to, err
}

// session opens a session when there is room for one, and does not wait longer than ctx for a master that stands still.
// end gives it back.
func (c *Client) session(ctx context.Context) (_ *ssh.Session, end func(), err error) {
	if err := c.settle(ctx); err != nil {
		return nil, nil, err
	}
	type opened struct {
		session *ssh.Session
		err     error
	}
	done := make(chan opened, 1)
	go func() {
		s, err := c.turn(ctx)
		done <- opened{s, err}
	}()
	give := func(s *ssh.Session) { _ = s.Close(); c.sessions.give() }
	select {
	case o := <-done:
		return o.session, func() { give(o.session) }, o.err
	case <-ctx.Done():
		go func() {
			if o := <-done; o.err == nil {
				give(o.session)
			}
		}()
		return nil, nil, ctx.Err()
	}
}

// How long a server has to hear that a session was closed, before its refusal of the next one is believed.
const (
	closeWait  = 50 * time.Millisecond
	closeTries = 40
)

// turn waits for its turn and opens a session. A server that allows fewer at a time than we take gets as many as it has
// allowed from then on.
func (c *Client) turn(ctx context.Context) (*ssh.Session, error) {
	for lag := 0; ; {
		if err := c.sessions.take(ctx); err != nil {
			return nil, err
		}
		session, err := c.open(ctx)
		if err == nil {
			return session, nil
		}
		var refused *ssh.OpenChannelError
		again := errors.As(err, &refused) && c.sessions.lower()
		c.sessions.give()
		switch {
		case again:
			continue
		// The server may not have heard yet that the last one is closed.
		case refused != nil && lag < closeTries && ctx.Err() == nil:
			lag++
			time.Sleep(closeWait)
			continue
		case refused != nil:
			return nil, fmt.Errorf(
				"%s refuses every session (sshd's MaxSessions must be 1 or more): %w",
				c.config.Addr(),
				err,
			)
		}
		return nil, err
	}
}

// open opens a session. A connection that turns out to be dead is replaced once: nothing was run on it yet.
func (c *Client) open(ctx context.Context) (*ssh.Session, error) {
	for dead := false; ; dead = true {
		conn, err := c.connect(ctx)
		if err != nil {
			return nil, err
		}
		session, err := conn.NewSession()
		var refused *ssh.OpenChannelError
		if err == nil || errors.As(err, &refused) {
			return session, err
		}
		c.forget(conn)
		_ = conn.Close()
		if dead || ctx.Err() != nil {
			return nil, fmt.Errorf("%w: %w", ErrSilent, err)
		}
	}
}
