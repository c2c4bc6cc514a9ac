package ssh

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/ssh"
)

// ExitError is a script that ran and ended with a code other than 0.
type ExitError struct {
	Code   int
	Stderr string
}

func (e *ExitError) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return fmt.Sprintf("exit code %d: %s", e.Code, e.Stderr)
}

// preamble makes what scripts print and create independent of the master's own settings.
const preamble = `export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
umask 077; set -u
`

// Run has the master's shell carry out a POSIX script with root's privilege and returns what it printed. The error is
// an *ExitError when the script ran and failed; otherwise it wraps one of this package's sentinels.
func (c *Client) Run(ctx context.Context, script string) ([]byte, error) {
	w, err := c.privilege(ctx)
	if err != nil {
		return nil, err
	}
	// What a login shell or sudo says before this line is none of the script's.
	begin := "etcdrecovery " + rand.Text()
	// The shell reads a compound command to its end before it runs it, so no command inside can eat the rest of the
	// script.
	input := "{ echo " + begin + "; " + preamble + script + "\n} </dev/null\n"
	if w == withSecret {
		input = c.config.BecomePassword + "\n" + input
	}
	stdout, stderr, err := c.command(ctx, c.config.shell(w), input)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	said, printed, began := bytes.Cut(stdout, []byte(begin+"\n"))
	if err == nil && began {
		return printed, nil
	}
	var exit *ssh.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	text := strings.TrimSpace(string(stderr))
	// One that was killed may not have come to its first line.
	if began || exit != nil && (exit.Signal() != "" || exit.ExitStatus() > 128) {
		return printed, &ExitError{Code: exit.ExitStatus(), Stderr: text}
	}
	return nil, c.config.noShell(strings.TrimSpace(string(said) + " " + text))
}

// command carries out a command and returns what it printed. The error is an *ssh.ExitError when it ran and failed.
func (c *Client) command(ctx context.Context, command, input string) (stdout, stderr []byte, err error) {
	session, end, err := c.session(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer end()
	stop := context.AfterFunc(ctx, func() { _ = session.Close() })
	defer stop()
	var out, errs bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = strings.NewReader(input), &out, &errs
	ended := make(chan error, 1)
	go func() { ended <- session.Run(command) }()
	select {
	case err = <-ended:
	case <-ctx.Done(): // a master that stands still closes nothing
		return nil, nil, ctx.Err()
	}
	var exit *ssh.ExitError
	switch {
	case err == nil || errors.As(err, &exit):
	case errors.Is(err, io.EOF) && out.Len()+errs.Len() > 0 && c.alive(): // it ended with 0, and left its input unread
		err = nil
	case c.via != nil && !c.via.alive():
		err = jumpError(c.via, err)
	case c.alive(): // it refuses the command, or has ended the session
		err = &also{ErrCommand, fmt.Errorf(
			"%w: %s carries out no command: %w. Has it no process, file or memory left?",
			ErrProtocol,
			c.config.Addr(),
			err,
		)}
	default:
		err = fmt.Errorf("%w: the connection to %s was lost while a command ran: %w", ErrSilent, c.config.Addr(), err)
	}
	// Whatever takes the password for a command may say it again.
	hide := func(b *bytes.Buffer) []byte {
		if c.config.BecomePassword == "" {
			return b.Bytes()
		}
		return bytes.ReplaceAll(b.Bytes(), []byte(c.config.BecomePassword), []byte("(become_password)"))
	}
	return hide(&out), hide(&errs), err
}

// privilege tells how root's privilege is got here, which is found out once.
func (c *Client) privilege(ctx context.Context) (way, error) {
	if err := c.settle(ctx); err != nil {
		return "", err
	}
	leave, err := enter(ctx, c.probing)
	if err != nil {
		return "", err
	}
	defer leave()
	switch {
	case c.way != "":
		return c.way, nil
	case c.noWay != nil: // a password that was wrong once is not given again: a server may lock a user out for that
		return "", c.noWay
	case c.config.Become == BecomeNone:
		return asIs, nil
	case c.config.Become == BecomeDoas, c.config.BecomePassword == "":
		return throughIt, nil
	}
	stdout, stderr, err := c.command(ctx, c.config.probe(), c.config.BecomePassword+"\n")
	var exit *ssh.ExitError
	if err != nil && !errors.As(err, &exit) {
		return "", err
	}
	for _, w := range []way{asIs, throughIt, withSecret} {
		if bytes.HasSuffix(stdout, []byte(string(w)+"\n")) {
			c.way = w
			return w, nil
		}
	}
	c.noWay = c.config.noShell(strings.TrimSpace(string(stderr) + string(stdout)))
	return "", c.noWay
}

// Quote makes any text one word of a POSIX shell.
func Quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
