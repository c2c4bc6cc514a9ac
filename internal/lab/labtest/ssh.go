//go:build linux

package labtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// Dial logs in to a node, and knows the host keys that nodes had at the start.
func Dial(l *lab.Lab, m lab.Identity, user string) (*ssh.Client, error) {
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
	return ssh.Dial("tcp", lab.SSHAddress(m), &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: hostKeys,
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519}, Timeout: 5 * time.Second,
	})
}

// Connect logs in for as long as the test runs.
func Connect(t *testing.T, l *lab.Lab, m lab.Identity) *ssh.Client {
	t.Helper()
	c, err := Dial(l, m, l.SSHUser())
	Must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Run runs a command over SSH and returns its output, error output and exit status.
func Run(t *testing.T, c *ssh.Client, stdin, command string) (stdout, stderr string, status int) {
	t.Helper()
	s, err := c.NewSession()
	Must(t, err)
	defer func() { _ = s.Close() }()
	var out, errs bytes.Buffer
	s.Stdin, s.Stdout, s.Stderr = bytes.NewBufferString(stdin), &out, &errs
	err = s.Run(command)
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		return out.String(), errs.String(), exit.ExitStatus()
	}
	Must(t, err)
	return out.String(), errs.String(), 0
}

// RunJSON runs a command that has to succeed and reads its output.
func RunJSON[T any](t *testing.T, c *ssh.Client, command string) T {
	t.Helper()
	var v T
	out, errs, status := Run(t, c, "", command)
	if status != 0 {
		t.Fatalf("%s: exit status %d: %s", command, status, errs)
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return v
}
