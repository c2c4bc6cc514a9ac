//go:build linux

package machine

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
)

// Config is what a machine is made of.
type Config struct {
	Name    string
	Dir     string // for its disk
	Base    string // the Debian system below its disk
	Network *Network
	Number  int               // in the network, from 1
	Volumes []string          // folders on file systems of their own
	Files   map[string]string // programs and the like that are mounted read-only: path on the machine → path here
	Spawn   *proc.Spawner     // ends the machine if this process dies
}

// A Machine is on or off. Its methods are not safe for use by several goroutines at once, but for Command, Find
// and Root.
type Machine struct {
	Config
	mu     sync.Mutex
	pid    int
	ended  chan struct{}
	groups []hierarchy
}

// New makes a machine with an empty disk, off.
func New(c Config) (*Machine, error) {
	m := &Machine{Config: c}
	for _, dir := range []string{"upper", "work", "root", "volumes"} {
		if err := os.MkdirAll(filepath.Join(c.Dir, dir), 0o755); err != nil {
			return nil, fmt.Errorf("making a disk: %w", err)
		}
	}
	overlay := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s",
		c.Base, filepath.Join(c.Dir, "upper"), filepath.Join(c.Dir, "work"))
	if err := mount("overlay", m.Root(), "overlay", 0, overlay); err != nil {
		return nil, err
	}
	for _, v := range c.Volumes {
		from := filepath.Join(c.Dir, "volumes", strings.ReplaceAll(strings.Trim(v, "/"), "/", "-"))
		for _, dir := range []string{from, filepath.Join(m.Root(), v)} {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return nil, fmt.Errorf("making a volume: %w", err)
			}
		}
		if err := bind(from, filepath.Join(m.Root(), v)); err != nil {
			return nil, err
		}
	}
	for to, from := range c.Files {
		if err := m.lend(from, filepath.Join(m.Root(), to)); err != nil {
			return nil, err
		}
	}
	return m, m.writeIdentity()
}

func (m *Machine) lend(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("lending a file: %w", err)
	}
	if err := os.WriteFile(to, nil, 0o755); err != nil {
		return fmt.Errorf("lending a file: %w", err)
	}
	if err := bind(from, to); err != nil {
		return err
	}
	return mount("", to, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
}

// writeIdentity writes what a machine is known by: its names and its ID.
func (m *Machine) writeIdentity() error {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	for name, text := range map[string]string{
		"etc/hostname":   m.Name + "\n",
		"etc/machine-id": hex.EncodeToString(id) + "\n",
		"etc/hosts":      fmt.Sprintf("127.0.0.1 localhost\n::1 localhost ip6-localhost\n127.0.1.1 %s\n", m.Name),
	} {
		if err := os.WriteFile(filepath.Join(m.Root(), name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("naming a machine: %w", err)
		}
	}
	return nil
}

// Root is where the machine's disk is on this machine, on or off. What the machine mounts while it is on, /run and /tmp
// among it, is not there.
func (m *Machine) Root() string { return filepath.Join(m.Dir, "root") }

// On reports whether the machine is on.
func (m *Machine) On() bool { return m.process() != 0 }

func (m *Machine) process() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pid
}

// PowerOn starts the machine and returns when its first process is systemd; what that starts comes later.
func (m *Machine) PowerOn(ctx context.Context) error {
	if m.On() {
		return nil
	}
	// The name tells who made the groups, so that those of a dead process can be told.
	groups, err := newGroups(fmt.Sprintf("%s%d-%d-%s", groupPrefix, os.Getpid(), m.Network.number, m.Name))
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.groups = groups
	m.mu.Unlock()
	console, err := os.OpenFile(filepath.Join(m.Dir, "console.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening a console: %w", err)
	}
	defer func() { _ = console.Close() }()
	hear, tell, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making a pipe: %w", err)
	}
	defer func() { _ = tell.Close() }()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "/proc/self/exe")
	cmd.Args[0] = initName
	cmd.Stdout, cmd.Stderr = console, console
	cmd.ExtraFiles = []*os.File{hear}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS |
			syscall.CLONE_NEWIPC,
	}
	err = m.Spawn.Start(cmd)
	_ = hear.Close()
	if err != nil {
		return fmt.Errorf("starting %s: %w", m.Name, err)
	}
	m.mu.Lock()
	m.pid, m.ended = cmd.Process.Pid, make(chan struct{})
	m.mu.Unlock()
	go func() {
		_ = cmd.Wait()
		m.mu.Lock()
		defer m.mu.Unlock()
		m.pid = 0
		close(m.ended)
	}()
	pid := cmd.Process.Pid
	if err := errors.Join(admit(groups, pid), m.Network.connect(ctx, m.Number, pid)); err != nil {
		return errors.Join(err, m.PowerOff(ctx))
	}
	own4, own6 := m.Network.Prefix4(m.Number), m.Network.Prefix6(m.Number)
	host4, host6 := m.Network.Prefix4(hostNumber), m.Network.Prefix6(hostNumber)
	err = json.NewEncoder(tell).Encode(birth{
		Name: m.Name, Root: m.Root(), Dir: m.Dir, Groups: groups,
		Addresses: []string{own4.String(), own6.String()},
		Gateways:  []string{host4.Addr().String(), host6.Addr().String()},
	})
	if err != nil {
		return errors.Join(fmt.Errorf("starting %s: %w", m.Name, err), m.PowerOff(ctx))
	}
	return m.becomesSystemd(ctx)
}

func (m *Machine) becomesSystemd(ctx context.Context) error {
	return wait.Until(ctx, 10*time.Millisecond, func() error {
		pid := m.process()
		if pid == 0 {
			said, _ := os.ReadFile(filepath.Join(m.Dir, "console.log"))
			return wait.Final(fmt.Errorf("%s has ended: %s", m.Name, bytes.TrimSpace(said)))
		}
		name, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
		if err != nil || strings.TrimSpace(string(name)) != "systemd" {
			return fmt.Errorf("%s has no systemd yet: %w", m.Name, err)
		}
		return nil
	})
}

// PowerOff kills every process of the machine at once.
func (m *Machine) PowerOff(ctx context.Context) error {
	pid := m.process()
	if pid == 0 {
		return nil
	}
	if err := freeze(m.groups, false); err != nil {
		return err
	}
	_ = syscall.Kill(pid, syscall.SIGKILL) // ESRCH: it has ended by itself
	<-m.ended
	return errors.Join(m.Network.disconnect(context.WithoutCancel(ctx), m.Number), removeGroups(m.groups))
}

// Freeze stops every process of the machine, or lets them go on.
func (m *Machine) Freeze(frozen bool) error {
	if !m.On() {
		return nil
	}
	return freeze(m.groups, frozen)
}

// Plug puts the machine's network cable in, or pulls it.
func (m *Machine) Plug(ctx context.Context, in bool) error { return m.Network.plug(ctx, m.Number, in) }

// Command is a command on the machine, as root, whatever its network does.
func (m *Machine) Command(ctx context.Context, args ...string) *exec.Cmd {
	enter := []string{"--target", strconv.Itoa(m.process()), "--all", "--"}
	cmd := exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
	cmd.WaitDelay = time.Second // what it has started may hold its output open
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	return cmd
}

// Run runs a command on the machine and gives its output.
func (m *Machine) Run(ctx context.Context, args ...string) (string, error) {
	if !m.On() {
		return "", fmt.Errorf("%s is off", m.Name)
	}
	cmd := m.Command(ctx, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		said := bytes.TrimSpace(stderr.Bytes())
		return string(out), fmt.Errorf("%s: %s: %w: %s", m.Name, strings.Join(args, " "), err, said)
	}
	return string(out), nil
}

// Close switches the machine off and gives its disk's mounts back. The folder stays.
func (m *Machine) Close(ctx context.Context) error {
	err := m.PowerOff(ctx)
	if unmount := unix.Unmount(m.Root(), unix.MNT_DETACH); unmount != nil {
		err = errors.Join(err, fmt.Errorf("unmounting a disk: %w", unmount))
	}
	return err
}
