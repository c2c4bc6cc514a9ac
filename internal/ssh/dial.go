package ssh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// dial connects to a server and logs in, by way of a jump host where there is one.
func dial(ctx context.Context, c Config, via *Client) (*ssh.Client, error) {
	check, algorithms, err := hostKeyCheck(c)
	if err != nil {
		return nil, &also{ErrLocal, err}
	}
	timeout := cmp.Or(c.Timeout, DefaultTimeout)
	if via != nil { // the way to it is not counted
		if _, err := via.connect(ctx); err != nil {
			return nil, jumpError(via, err)
		}
	}
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	l, err := newLogin(within, c)
	if err != nil {
		return nil, &also{ErrLocal, err}
	}
	defer l.close()
	defer context.AfterFunc(within, l.close)() // an agent that waits for its owner is waited for no longer than that
	for wait := busyWait; ; wait *= 2 {
		conn, err := handshake(
			within,
			c,
			via,
			&ssh.ClientConfig{
				User:              c.User,
				Auth:              l.methods(),
				AuthCallback:      l.hear,
				HostKeyCallback:   check,
				HostKeyAlgorithms: algorithms,
			},
		)
		var busy *busyError
		var slow *slowError
		switch {
		case err == nil:
			return conn, nil
		case errors.As(err, &busy) && wait <= busyWait<<busyTries:
			select {
			case <-time.After(wait):
				continue
			case <-within.Done():
			}
		case errors.As(err, &slow): // it is there
			return nil, fmt.Errorf(
				"%w: %s answers, and did not finish the login within %s. Is it overloaded, does its login wait for "+
					"something that is away (LDAP, DNS), or your agent for you?",
				ErrProtocol,
				c.Addr(),
				timeout,
			)
		case errors.Is(err, ErrSilent), errors.Is(err, ErrHostKey), errors.Is(err, ErrAddress), errors.Is(err, ErrJump):
			return nil, err
		case within.Err() != nil:
			return nil, &also{ErrNoBanner, fmt.Errorf(
				"%w: %s took the connection and did not finish the handshake within %s",
				ErrSilent,
				c.Addr(),
				timeout,
			)}
		case l.takes != nil:
			return nil, fmt.Errorf(
				"%w: user %q at %s. Check it with: %s%s",
				ErrAuth,
				c.User,
				c.Addr(),
				c.byHand(),
				l.report(err),
			)
		case strings.Contains(err.Error(), "no common algorithm for host key"):
			return nil, fmt.Errorf(
				"%w: %s does not offer the type of key that is known for it: %w",
				ErrHostKey,
				c.Addr(),
				err,
			)
		}
		return nil, fmt.Errorf("%w: %s: %w", ErrProtocol, c.Addr(), err)
	}
}

// byHand is the command that logs in with the same key.
func (c Config) byHand() string {
	key := ""
	if c.PrivateKeyFile != "" {
		key = " -o IdentitiesOnly=yes -i " + Quote(expandHome(c.PrivateKeyFile))
	}
	return fmt.Sprintf("ssh -p %d%s %s true", c.port(), key, Quote(c.User+"@"+c.Host))
}

// A server that is asked by too many at once (sshd's MaxStartups) closes connections before it says a word. It is asked
// again after a while, which doubles each time.
const (
	busyWait  = 250 * time.Millisecond
	busyTries = 3
)

// busyError is a server that closed the connection before it said a word.
type busyError struct{ error }

// Is makes it an ErrNoBanner as well.
func (e *busyError) Is(target error) bool { return target == ErrNoBanner }

func (e *busyError) Error() string {
	return fmt.Sprintf(
		"it closes connections before it says a word (%v): is it overloaded (sshd's MaxStartups), or does it not let "+
			"this machine in (PerSourcePenalties, a firewall)?",
		e.error,
	)
}

// also is an error that is of a second kind, of which its text says enough.
type also struct {
	kind error
	error
}

func (e *also) Unwrap() []error { return []error{e.error, e.kind} }

// slowError is a server that has said something, and not enough in time.
type slowError struct{ error }

// handshake connects and logs in once.
func handshake(ctx context.Context, c Config, via *Client, with *ssh.ClientConfig) (*ssh.Client, error) {
	raw, err := reach(ctx, c, via)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	heard := &heard{Conn: raw}
	var hostKeyErr error
	check := with.HostKeyCallback
	with.HostKeyCallback = func(host string, remote net.Addr, key ssh.PublicKey) error {
		hostKeyErr = check(host, remote, key)
		return hostKeyErr
	}
	conn, channels, requests, err := ssh.NewClientConn(heard, c.Addr(), with)
	if err == nil {
		return ssh.NewClient(conn, channels, requests), nil
	}
	_ = raw.Close()
	if hostKeyErr != nil {
		return nil, hostKeyErr
	}
	switch said := heard.any.Load(); {
	case said && ctx.Err() != nil:
		return nil, &slowError{err}
	case via != nil && !via.alive():
		return nil, jumpError(via, err)
	case !said && ctx.Err() == nil:
		return nil, &busyError{err}
	}
	return nil, err
}

// heard notes whether the other side has said anything.
type heard struct {
	net.Conn
	any atomic.Bool
}

func (h *heard) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	if n > 0 {
		h.any.Store(true)
	}
	return n, err
}

// reach opens the connection that SSH is spoken over.
func reach(ctx context.Context, c Config, via *Client) (net.Conn, error) {
	if via != nil {
		raw, err := via.DialContext(ctx, "tcp", c.Addr())
		switch {
		case err == nil:
			return raw, nil
		case silentFromThere(err), ctx.Err() != nil && via.alive():
			return nil, fmt.Errorf(
				"%w: %s, as seen from the jump host %s: %v",
				ErrSilent,
				c.Addr(),
				via.config.Addr(),
				err, //nolint:errorlint // a refusal of the jump host is none of the master's
			)
		}
		return nil, jumpError(via, err)
	}
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Addr())
	var name *net.DNSError
	if errors.As(err, &name) {
		return nil, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSilent, err)
	}
	return raw, nil
}

// silentFromThere tells whether a jump host says that the master itself does not answer. That it knows no such name, or
// has no way to it, says nothing of the master. OpenSSH sends what strerror says.
func silentFromThere(err error) bool {
	var refused *ssh.OpenChannelError
	if !errors.As(err, &refused) || refused.Reason != ssh.ConnectionFailed {
		return false
	}
	said := strings.ToLower(refused.Message)
	return slices.ContainsFunc(
		[]string{"refused", "timed out", "no route to host", "host is down"},
		func(sign string) bool { return strings.Contains(said, sign) },
	)
}

// jumpError is never ErrSilent: nothing is known of a master to which there is no way.
func jumpError(via *Client, err error) error {
	//nolint:errorlint // its kind must not be taken for the master's
	jump := fmt.Errorf("%w: %s: %s", ErrJump, via.config.Addr(), err)
	if errors.Is(err, ErrLocal) {
		return &also{ErrLocal, jump}
	}
	return jump
}

// errNoSign is a server that gives no sign of life.
var errNoSign = errors.New("no sign of life")

// beat asks for a sign of life and waits for it.
func beat(conn *ssh.Client, wait time.Duration) error {
	answered := make(chan error, 1)
	go func() {
		_, _, err := conn.SendRequest("keepalive@openssh.com", true, nil)
		answered <- err
	}()
	select {
	case err := <-answered:
		return err
	case <-time.After(wait):
		return errNoSign
	}
}

// keepalive ends a connection that leaves a sign of life unanswered for three times the time between two.
func keepalive(conn *ssh.Client, every time.Duration) {
	for {
		if err := beat(conn, 3*every); errors.Is(err, errNoSign) {
			_ = conn.Close()
			return
		} else if err != nil {
			return
		}
		time.Sleep(every)
	}
}
