// Package node is what a master can do: files, static pods, containers. Everything is a POSIX script that a Runner
// carries out.
package node

import (
	"context"
	"errors"
	"net"
	"path"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// Runner carries out scripts on a master with root's privilege, and opens connections from it.
type Runner interface {
	Run(ctx context.Context, script string) ([]byte, error)
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

// Defaults of the settings a node may have.
const (
	DefaultKubeletConfig = "/var/lib/kubelet/config.yaml"
	DefaultWorkDir       = "/var/lib/etcdrecovery"
)

// Settings are the places on a master that cannot be found from anything else.
type Settings struct {
	Name string // the operator's name for it: the key in the survey's nodes
	Host string // where SSH reaches it, as the operator wrote it; "" where that is not known
	// Where staticPodPath and the runtime's socket are read; the running kubelet's own when empty, else
	// DefaultKubeletConfig.
	KubeletConfig string
	ManifestDir   string // instead of the kubelet's own; empty in the usual case
	Manifest      string // the name of etcd's file there, where several are etcd's; empty in the usual case
	WorkDir       string // journal, lock and parked manifests; DefaultWorkDir when empty
}

// Node is one master.
type Node struct {
	Settings
	runner Runner
	holder string // of the lock, without which nothing is changed; "" for a master that is only looked at
}

// New makes a node; nothing is contacted yet.
func New(s Settings, r Runner) *Node {
	if s.WorkDir == "" {
		s.WorkDir = DefaultWorkDir
	}
	return &Node{Settings: s, runner: r}
}

// DialContext opens a connection from the master.
func (n *Node) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return n.runner.DialContext(ctx, network, addr)
}

// run carries out a script; args become $1, $2 … and are never interpreted.
func (n *Node) run(ctx context.Context, text string, args ...string) ([]byte, error) {
	if len(args) > 0 {
		set := "set --"
		for _, a := range args {
			set += " " + ssh.Quote(a)
		}
		text = set + "\n" + text
	}
	return n.runner.Run(ctx, strings.TrimSuffix(text, "\n"))
}

// NoForwarding tells from a failed connection that the master's sshd forbids it, whatever runs there.
func NoForwarding(err error) bool { return errors.Is(err, ssh.ErrNoForwarding) }

// NotDialed reports whether a failed connection through the node says nothing of what was to be reached.
func NotDialed(err error) bool { return ssh.NotDialed(err) }

// exitCode gives the code with which a script ended, or -1 if it did not run to an end.
func exitCode(err error) int {
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		return exit.Code
	}
	return -1
}

// ParkedDir is where manifests wait while etcd must not run. It is outside the kubelet's folder and survives a reboot.
func (n *Node) ParkedDir() string { return path.Join(n.WorkDir, "parked") }
