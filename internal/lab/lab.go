//go:build linux

package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/pki"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
)

// sshUser is who logs in. "ops" can as well, with the same key.
const sshUser = "root"

// grade makes the nodes of one kind.
type grade interface {
	// start makes them and starts etcd everywhere; the members need not be healthy yet.
	start(ctx context.Context) error
	// settle follows when they are.
	settle(ctx context.Context) error
	close() error
}

// A Lab is a running cluster of nodes. Its methods may be called from several goroutines.
type Lab struct {
	options   Options
	dir       string
	ownDir    bool
	version   string // of etcd
	grade     grade
	nodes     []Node
	clientTLS *tls.Config
	userKey   ssh.PublicKey
	spawn     *proc.Spawner
	life      context.Context // of whatever the lab dials
	end       context.CancelFunc

	logging  sync.Mutex
	closing  sync.Once
	closeErr error
}

// saneDir is what a folder's name may consist of. It goes into YAML, URLs, environment variables and shell scripts
// unquoted.
var saneDir = regexp.MustCompile(`^[A-Za-z0-9_./@+-]+$`)

// Start makes the nodes and returns when every one that is not spare is a healthy voting member. ctx covers the start
// only: a lab lives until Close.
func Start(ctx context.Context, o Options) (*Lab, error) {
	o = o.withDefaults()
	if o.Nodes < 1 || o.Spare < 0 || o.Nodes+o.Spare > 99 || o.Spare > 0 && o.Grade != Simulated {
		return nil, fmt.Errorf("a lab of %d nodes and %d spare ones is not possible", o.Nodes, o.Spare)
	}
	l := &Lab{options: o}
	l.life, l.end = context.WithCancel(context.WithoutCancel(ctx))
	if err := l.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the lab: %w", err), l.Close())
	}
	return l, nil
}

func (l *Lab) start(ctx context.Context) error {
	if err := l.makeDir(); err != nil {
		return err
	}
	if err := l.makeUserKey(); err != nil {
		return err
	}
	l.spawn = proc.NewSpawner()
	l.grade = &simulatedNodes{Lab: l, partition: newPartition()}
	if l.options.Grade == Debian {
		l.grade = &debianNodes{Lab: l}
	}
	if err := l.grade.start(ctx); err != nil {
		return err
	}
	if err := l.writeKnownHosts(); err != nil {
		return err
	}
	var members []string
	for _, m := range l.nodes[:l.options.Nodes] {
		members = append(members, m.Name())
	}
	err := l.WaitHealthy(ctx, members...)
	if err != nil {
		for _, m := range l.nodes {
			l.note("%s: all that etcd says:\n%s", m.Name(), m.ContainerLog())
		}
		return err
	}
	return l.grade.settle(ctx)
}

func (l *Lab) makeDir() error {
	var err error
	if l.options.Dir == "" {
		l.ownDir = true
		if l.dir, err = os.MkdirTemp("", "etcdrecovery-lab-"); err != nil {
			return fmt.Errorf("making the lab's folder: %w", err)
		}
	} else if l.dir, err = filepath.Abs(l.options.Dir); err != nil {
		return fmt.Errorf("finding the lab's folder: %w", err)
	}
	if !saneDir.MatchString(l.dir) {
		return fmt.Errorf("the lab's folder %q has characters that are special to YAML or the shell", l.dir)
	}
	if err := os.MkdirAll(l.dir, 0o755); err != nil {
		return fmt.Errorf("making the lab's folder: %w", err)
	}
	for i := range l.options.Nodes + l.options.Spare {
		if _, err := os.Stat(filepath.Join(l.dir, fmt.Sprintf("m%d", i+1))); err == nil {
			return fmt.Errorf("the folder %s holds nodes already", l.dir)
		}
	}
	return nil
}

func (l *Lab) makeUserKey() error {
	if err := pki.WriteSSHKey(l.SSHKeyFile()); err != nil {
		return err
	}
	line, err := os.ReadFile(l.SSHKeyFile() + ".pub")
	if err != nil {
		return fmt.Errorf("reading the user's key: %w", err)
	}
	l.userKey, _, _, _, err = ssh.ParseAuthorizedKey(line)
	if err != nil {
		return fmt.Errorf("reading the user's key: %w", err)
	}
	return nil
}

func (l *Lab) writeKnownHosts() error {
	var lines strings.Builder
	for _, m := range l.nodes {
		fmt.Fprintf(&lines, "%s %s\n", knownhosts.Normalize(SSHAddress(m)), m.HostKey())
	}
	if err := os.WriteFile(l.KnownHostsFile(), []byte(lines.String()), 0o644); err != nil {
		return fmt.Errorf("writing the known hosts: %w", err)
	}
	return nil
}

// Close ends every process that the lab has started and removes its folder, unless that was given.
func (l *Lab) Close() error {
	l.closing.Do(func() {
		l.end()
		if l.grade != nil {
			l.closeErr = l.grade.close()
		}
		if l.spawn != nil {
			l.spawn.Close()
		}
		if l.ownDir && l.dir != "" {
			l.closeErr = errors.Join(l.closeErr, os.RemoveAll(l.dir))
		}
	})
	return l.closeErr
}

// Nodes returns all nodes: m1, m2 and so on.
func (l *Lab) Nodes() []Node { return slices.Clone(l.nodes) }

// Node returns the node of this name, or nil.
func (l *Lab) Node(name string) Node {
	for _, m := range l.nodes {
		if m.Name() == name {
			return m
		}
	}
	return nil
}

// Debian returns the node of this name if the grade is Debian, else nil.
func (l *Lab) Debian(name string) DebianNode {
	m, _ := l.Node(name).(DebianNode)
	return m
}

// Dir is the folder with the nodes' disks.
func (l *Lab) Dir() string { return l.dir }

// Version is the full version of etcd: "3.7.3".
func (l *Lab) Version() string { return l.version }

// SSHUser is who can log in to every node.
func (l *Lab) SSHUser() string { return sshUser }

// SSHKeyFile is the private key to log in with.
func (l *Lab) SSHKeyFile() string { return filepath.Join(l.dir, "id_ed25519") }

// KnownHostsFile has the host keys that the nodes had at the start.
func (l *Lab) KnownHostsFile() string { return filepath.Join(l.dir, "known_hosts") }

// SSHAddress is the host and port of a node's SSH endpoint in one.
func SSHAddress(m Identity) string { return net.JoinHostPort(m.Host(), strconv.Itoa(m.Port())) }

func (l *Lab) note(format string, args ...any) {
	if l.options.Log == nil {
		return
	}
	l.logging.Lock()
	defer l.logging.Unlock()
	_, _ = fmt.Fprintf(l.options.Log, "%s %s\n", time.Now().Format("15:04:05.000"), fmt.Sprintf(format, args...))
}
