//go:build linux

package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sync/errgroup"
)

// sshUser is who logs in. "ops" can as well, with the same key.
const sshUser = "root"

// Options say what kind of masters to make. The zero value is good: three masters, etcd 3.7, a temporary folder.
type Options struct {
	Masters    int                                     // 3
	Etcd       string                                  // minor version: "3.5", "3.6" or "3.7"
	Dir        string                                  // for the masters' disks; kept by Close if it is given
	Shape      Shape                                   // of --initial-cluster in the manifests
	WALDir     bool                                    // a WAL folder of its own, /var/lib/etcd-wal
	ExtraFlags map[string]string                       // more flags for etcd, or other values: "heartbeat-interval": "10"
	Manifest   func(master string, text []byte) []byte // edits each manifest before the first start
	Kubelet    KubeletTiming                           // of the static pod runner
	Log        io.Writer                               // what the lab does, line by line
}

// A Lab is a running cluster of masters. Its methods may be called from several goroutines.
type Lab struct {
	options   Options
	dir       string
	ownDir    bool
	server    Server
	addresses *addresses
	spawn     *spawner
	partition *partition
	ca        *authority
	clientTLS *tls.Config
	userKey   ssh.PublicKey
	benches   []*bench
	life      context.Context // of whatever the lab dials
	end       context.CancelFunc

	logging  sync.Mutex
	closing  sync.Once
	closeErr error
}

// saneDir is what a folder's name may consist of. It goes into YAML, URLs, environment variables and shell scripts unquoted.
var saneDir = regexp.MustCompile(`^[A-Za-z0-9_./@+-]+$`)

// Start makes the masters and returns when every one is a healthy voting member. ctx covers the start only: a lab lives until Close.
func Start(ctx context.Context, o Options) (*Lab, error) {
	if o.Masters == 0 {
		o.Masters = 3
	}
	if o.Masters < 1 || o.Masters > 99 {
		return nil, fmt.Errorf("a lab of %d masters is not possible", o.Masters)
	}
	if o.Etcd == "" {
		o.Etcd = "3.7"
	}
	l := &Lab{options: o, partition: newPartition()}
	l.life, l.end = context.WithCancel(context.WithoutCancel(ctx))
	if err := l.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the lab: %w", err), l.Close())
	}
	return l, nil
}

func (l *Lab) start(ctx context.Context) error {
	var err error
	if l.server, err = EtcdServer(ctx, l.options.Etcd); err != nil {
		return err
	}
	if err := l.makeDir(); err != nil {
		return err
	}
	if l.addresses, err = claimAddresses(ctx); err != nil {
		return err
	}
	if l.ca, err = newAuthority(); err != nil {
		return err
	}
	if l.clientTLS, err = l.ca.clientTLS(); err != nil {
		return err
	}
	if err := l.makeUserKey(); err != nil {
		return err
	}
	l.spawn = newSpawner()
	for i := range l.options.Masters {
		l.benches = append(l.benches, newBench(l, i+1))
	}
	for _, b := range l.benches {
		if err := b.prepare(l.ca); err != nil {
			return err
		}
	}
	if err := l.writeKnownHosts(); err != nil {
		return err
	}
	return l.bootCluster(ctx)
}

// bootCluster starts etcd everywhere. The members find each other by the full list, whatever their manifests say.
func (l *Lab) bootCluster(ctx context.Context) error {
	var list []string
	for _, b := range l.benches {
		list = append(list, b.name+"="+b.PeerURL())
	}
	full := strings.Join(list, ",")
	for i, b := range l.benches {
		initial := full
		if l.options.Shape == SelfOnly {
			initial = list[i]
			b.runtime.setHiddenArgs("--initial-cluster=" + full) // the last of a flag's values counts
		}
		if err := b.writeManifest(initial); err != nil {
			return err
		}
	}
	for _, b := range l.benches {
		if err := b.powerOn(ctx); err != nil {
			return err
		}
	}
	defer func() {
		for _, b := range l.benches {
			b.runtime.setHiddenArgs()
		}
	}()
	err := l.WaitHealthy(ctx)
	if err != nil {
		for _, b := range l.benches {
			l.note("%s: all that etcd says:\n%s", b.name, b.ContainerLog())
		}
	}
	return err
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
	for i := range l.options.Masters {
		if _, err := os.Stat(filepath.Join(l.dir, fmt.Sprintf("m%d", i+1))); err == nil {
			return fmt.Errorf("the folder %s holds masters already", l.dir)
		}
	}
	return nil
}

func (l *Lab) makeUserKey() error {
	if err := writeSSHKey(l.SSHKeyFile()); err != nil {
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
	for _, b := range l.benches {
		fmt.Fprintf(&lines, "[%s]:%d %s\n", b.host, b.Port(), b.HostKey())
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
		var all errgroup.Group
		for _, b := range l.benches {
			all.Go(func() error {
				b.close()
				return nil
			})
		}
		l.closeErr = all.Wait()
		if l.spawn != nil {
			l.spawn.close()
		}
		if l.addresses != nil {
			l.closeErr = errors.Join(l.closeErr, l.addresses.release())
		}
		if l.ownDir && l.dir != "" {
			l.closeErr = errors.Join(l.closeErr, os.RemoveAll(l.dir))
		}
	})
	return l.closeErr
}

// Masters returns all masters: m1, m2 and so on.
func (l *Lab) Masters() []Master {
	var all []Master
	for _, b := range l.benches {
		all = append(all, b)
	}
	return all
}

// Master returns the master of this name, or nil.
func (l *Lab) Master(name string) Master {
	for _, b := range l.benches {
		if b.name == name {
			return b
		}
	}
	return nil
}

// Dir is the folder with the masters' disks.
func (l *Lab) Dir() string { return l.dir }

// Version is the full version of etcd: "3.7.3".
func (l *Lab) Version() string { return l.server.Version }

// SSHUser is who can log in to every master.
func (l *Lab) SSHUser() string { return sshUser }

// SSHKeyFile is the private key to log in with.
func (l *Lab) SSHKeyFile() string { return filepath.Join(l.dir, "id_ed25519") }

// KnownHostsFile has the host keys that the masters had at the start.
func (l *Lab) KnownHostsFile() string { return filepath.Join(l.dir, "known_hosts") }

// SSHAddress is the host and port of a master's SSH endpoint in one.
func SSHAddress(m Master) string { return net.JoinHostPort(m.Host(), strconv.Itoa(m.Port())) }

func (l *Lab) note(format string, args ...any) {
	if l.options.Log == nil {
		return
	}
	l.logging.Lock()
	defer l.logging.Unlock()
	_, _ = fmt.Fprintf(l.options.Log, "%s %s\n", time.Now().Format("15:04:05.000"), fmt.Sprintf(format, args...))
}

// poll tries every 50 ms until check succeeds. When ctx ends, the error is that of the last try.
func poll(ctx context.Context, check func() error) error {
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}
