//go:build linux

package node_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/sample"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// shell is what /bin/sh may be on a master.
type shell struct {
	name    string
	command []string
	env     string // one variable
}

// shells returns the first of them and another, which goes by the test, or all of them where everything runs.
func shells(t *testing.T) []shell {
	t.Helper()
	return sample.WithFirst(allShells(t), t.Name())
}

// allShells returns those of them that are here. Where CI is "true" all of them have to be.
func allShells(t *testing.T) []shell {
	t.Helper()
	var here []shell
	for _, s := range []shell{
		{name: "dash", command: []string{"dash"}},
		{name: "bash", command: []string{"bash", "--posix"}}, // as it is when it is called sh
		// One before 5.1 keeps here-documents in files: RHEL 7 and 8.
		{name: "old bash", command: []string{"bash", "--posix"}, env: "BASH_COMPAT=4.2"},
		{name: "ash", command: []string{"busybox", "ash"}},
	} {
		switch _, err := exec.LookPath(s.command[0]); {
		case err == nil:
			here = append(here, s)
		case os.Getenv("CI") == "true":
			t.Errorf("not with %s: %v", s.name, err)
		default:
			t.Logf("not with %s: %v", s.name, err)
		}
	}
	if len(here) == 0 {
		t.Fatal("there is no shell to try the scripts with")
	}
	return here
}

// local carries out scripts on this machine, with one of its shells.
type local struct {
	shell
	path   string // before PATH
	env    string // one more variable
	before string // what the shell does before a script
}

func (l local) Run(ctx context.Context, script string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, l.command[0], append(l.command[1:len(l.command):len(l.command)], "-s")...)
	cmd.Env = []string{"PATH=" + l.path + ":" + os.Getenv("PATH"), "LC_ALL=C", l.shell.env, l.env}
	// A group of its own, as sshd gives it: a script ends its whole group when nobody listens to it any more.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Stdin = strings.NewReader("{ set -u\n" + l.before + script + "\n} </dev/null\n")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return stdout.Bytes(), &ssh.ExitError{Code: exit.ExitCode(), Stderr: strings.TrimSpace(stderr.String())}
	}
	return stdout.Bytes(), err
}

func (local) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

// inEachShell runs a test with shells that a master may have: two in the gate, others for other tests.
func inEachShell(t *testing.T, test func(t *testing.T, n *node.Node, l local, dir string)) {
	t.Helper()
	for _, s := range shells(t) {
		t.Run(s.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "it's a $(folder)")
			must(t, os.Mkdir(dir, 0o755))
			l := local{shell: s}
			test(t, node.New(node.Settings{Name: "m1", WorkDir: filepath.Join(dir, "work")}, l), l, dir)
		})
	}
}
