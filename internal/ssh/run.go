package ssh

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
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

// The words that start the shell which then reads the script. They hold nothing that a login shell of any kind (bash, csh, fish) reads
// otherwise than the others do, and no part of a script is ever in an argument list.
const (
	plainShell = `exec /bin/sh -s`
	rootShell  = `exec /bin/sh -c 'test "$(id -u)" = 0 && exec /bin/sh -s; exec sudo -n -- /bin/sh -s'`
)

// preamble makes what scripts print and create independent of the master's own settings.
const preamble = `LC_ALL=C; export LC_ALL; PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"; export PATH; umask 077; set -u
`

// Run has the master's shell carry out a POSIX script with root's privilege and returns what it printed. The error is an *ExitError
// when the script ran and failed; otherwise it wraps one of this package's sentinels.
func (c *Client) Run(ctx context.Context, script string) ([]byte, error) {
	select {
	case c.sessions <- struct{}{}:
		defer func() { <-c.sessions }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	session, err := c.session(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = session.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = session.Close() })
	defer stop()

	var stdout, stderr bytes.Buffer
	// What a login shell or sudo says before this line is none of the script's.
	begin := "etcdrecovery " + rand.Text()
	// The shell reads a compound command to its end before it runs it, so no command inside can eat the rest of the script.
	session.Stdin = strings.NewReader("{ printf '" + begin + "\\n'; " + preamble + script + "\n} </dev/null\n")
	session.Stdout, session.Stderr = &stdout, &stderr
	shell := rootShell
	if c.config.Become == BecomeNone {
		shell = plainShell
	}
	ended := make(chan error, 1)
	go func() { ended <- session.Run(shell) }()
	select {
	case err = <-ended:
	case <-ctx.Done(): // a master that stands still closes nothing
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	said, printed, began := bytes.Cut(stdout.Bytes(), []byte(begin+"\n"))
	if err == nil && began {
		return printed, nil
	}
	var exit *ssh.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, fmt.Errorf("%w: the connection to %s was lost while a command ran: %w", ErrSilent, c.config.Addr(), err)
	}
	text := strings.TrimSpace(stderr.String())
	switch {
	case began, exit != nil && (exit.Signal() != "" || exit.ExitStatus() > 128): // one that was killed may not have come to its first line
		return printed, &ExitError{Code: exit.ExitStatus(), Stderr: text}
	case strings.Contains(text, "sudo:"):
		return nil, fmt.Errorf("%w: user %s on %s may not use sudo without a password (%s). Add to sudoers: %s ALL=(root) NOPASSWD: /bin/sh -s",
			ErrPrivilege, c.config.User, c.config.Host, text, c.config.User)
	}
	return nil, fmt.Errorf("%w: user %s on %s gets no shell that reads a script; it said: %q", ErrPrivilege, c.config.User, c.config.Host, strings.TrimSpace(string(said)+" "+text))
}

// Quote makes any text one word of a POSIX shell.
func Quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
