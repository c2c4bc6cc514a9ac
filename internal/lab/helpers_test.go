//go:build linux

package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// fast makes elections short, so that tests do not wait for them.
var fast = map[string]string{"heartbeat-interval": "20", "election-timeout": "200"}

func startLab(t *testing.T, o Options) *Lab {
	t.Helper()
	if o.ExtraFlags == nil {
		o.ExtraFlags = fast
	}
	o.Log = testLog{t}
	l, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		began := time.Now()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		// Well below a second on an idle machine.
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("closing the lab took %v", took)
		}
	})
	return l
}

type testLog struct{ t *testing.T }

func (w testLog) Write(b []byte) (int, error) {
	w.t.Logf("%s", bytes.TrimSpace(b))
	return len(b), nil
}

// patience bounds waits that are to succeed. It is not a measure of anything, and leaves room for a busy machine.
const patience = 20 * time.Second

// within waits for a condition.
func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func dialSSH(l *Lab, m Master, user string) (*ssh.Client, error) {
	key, err := os.ReadFile(l.SSHKeyFile())
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(key)
	if err != nil {
		return nil, err
	}
	hostKeys, err := knownhosts.New(l.KnownHostsFile())
	if err != nil {
		return nil, err
	}
	return ssh.Dial("tcp", SSHAddress(m), &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: hostKeys,
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519}, Timeout: time.Second,
	})
}

func connect(t *testing.T, l *Lab, m Master) *ssh.Client {
	t.Helper()
	c, err := dialSSH(l, m, l.SSHUser())
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// run runs a command over SSH and returns its output, error output and exit status.
func run(t *testing.T, c *ssh.Client, stdin, command string) (stdout, stderr string, status int) {
	t.Helper()
	s, err := c.NewSession()
	must(t, err)
	defer func() { _ = s.Close() }()
	var out, errs bytes.Buffer
	s.Stdin, s.Stdout, s.Stderr = bytes.NewBufferString(stdin), &out, &errs
	err = s.Run(command)
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		return out.String(), errs.String(), exit.ExitStatus()
	}
	must(t, err)
	return out.String(), errs.String(), 0
}

// runJSON runs a command that has to succeed and reads its output.
func runJSON[T any](t *testing.T, c *ssh.Client, command string) T {
	t.Helper()
	var v T
	out, errs, status := run(t, c, "", command)
	if status != 0 {
		t.Fatalf("%s: exit status %d: %s", command, status, errs)
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return v
}

func timeout(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
