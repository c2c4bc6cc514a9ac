//go:build linux

package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// groupPrefix begins the name of every control group that is made here.
const groupPrefix = "etcdrecovery-lab-"

// initName is what a machine's first process is called until it becomes systemd.
const initName = "etcdrecovery-lab-init"

// birth is what a machine's first process is told over its file descriptor 3, once its cable and its control groups are
// there.
type birth struct {
	Name      string
	Root      string // its disk, mounted
	Dir       string // for stand-in files
	Addresses []string
	Gateways  []string // none of them passes anything on
	Groups    []hierarchy
}

// sysctls are the kernel's settings that a kubelet writes, with the values it wants. They are the whole machine's, so
// that a lab's machine gets files in their place.
func sysctls() map[string]string {
	return map[string]string{
		"kernel/keys/root_maxbytes": "25000000",
		"kernel/keys/root_maxkeys":  "1000000",
		"kernel/panic":              "10",
		"kernel/panic_on_oops":      "1",
		"vm/overcommit_memory":      "1",
		"vm/panic_on_oom":           "0",
	}
}

// initMachine turns the new namespaces into a machine and becomes its systemd.
func initMachine() {
	runtime.LockOSThread() // unshare and the calls after it mean this thread, which exec then makes the process
	if err := becomeSystemd(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func becomeSystemd() error {
	var b birth
	pipe := os.NewFile(3, "birth")
	if err := json.NewDecoder(pipe).Decode(&b); err != nil {
		return fmt.Errorf("starting a machine: %w", err)
	}
	_ = pipe.Close()
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("making a control group namespace: %w", err)
	}
	if err := unix.Sethostname([]byte(b.Name)); err != nil {
		return fmt.Errorf("naming a machine: %w", err)
	}
	for _, step := range []func(birth) error{mountKernel, mountGroups, mountDevices, pivot, address} {
		if err := step(b); err != nil {
			return fmt.Errorf("%s: %w", b.Name, err)
		}
	}
	arguments, environment := []string{
		"/lib/systemd/systemd",
	}, []string{
		"container=lab",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	}
	if !unified(b.Groups) {
		// Otherwise systemd mounts its hybrid tree over what there is.
		arguments = append(
			arguments,
			"systemd.unified_cgroup_hierarchy=0",
			"systemd.legacy_systemd_cgroup_controller=1",
		)
	}
	return syscall.Exec(arguments[0], arguments, environment)
}

func mountKernel(b birth) error {
	if err := mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	proc := filepath.Join(b.Root, "proc")
	if err := mount("proc", proc, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	if err := readOnly(filepath.Join(proc, "sys")); err != nil {
		return err
	}
	for name, value := range sysctls() { // a kernel may lack one
		file := filepath.Join(b.Dir, "sysctl", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		if err := bind(file, filepath.Join(proc, "sys", name)); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	if err := bind("/dev/null", filepath.Join(proc, "sysrq-trigger")); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	if err := mount(
		"sysfs",
		filepath.Join(b.Root, "sys"),
		"sysfs",
		unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC,
		"",
	); err != nil {
		return err
	}
	for dir, options := range map[string]string{"run": "mode=755", "tmp": "mode=1777"} {
		if err := mount(
			"tmpfs",
			filepath.Join(b.Root, dir),
			"tmpfs",
			unix.MS_NOSUID|unix.MS_NODEV,
			options,
		); err != nil {
			return err
		}
	}
	return nil
}

func mountDevices(b birth) error {
	dev := filepath.Join(b.Root, "dev")
	if err := mount("tmpfs", dev, "tmpfs", unix.MS_NOSUID, "mode=755"); err != nil {
		return err
	}
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty", "kmsg"} {
		node := filepath.Join(dev, name)
		if err := os.WriteFile(node, nil, 0o666); err != nil {
			return err
		}
		if err := bind("/dev/"+name, node); err != nil {
			return err
		}
	}
	for _, dir := range []string{"pts", "shm", "mqueue"} {
		if err := os.Mkdir(filepath.Join(dev, dir), 0o755); err != nil {
			return err
		}
	}
	if err := mount(
		"devpts",
		filepath.Join(dev, "pts"),
		"devpts",
		unix.MS_NOSUID|unix.MS_NOEXEC,
		"newinstance,ptmxmode=0666,mode=620,gid=5",
	); err != nil {
		return err
	}
	if err := mount(
		"tmpfs",
		filepath.Join(dev, "shm"),
		"tmpfs",
		unix.MS_NOSUID|unix.MS_NODEV,
		"mode=1777",
	); err != nil {
		return err
	}
	if err := mount(
		"mqueue",
		filepath.Join(dev, "mqueue"),
		"mqueue",
		unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC,
		"",
	); err != nil {
		return err
	}
	for link, to := range map[string]string{
		"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2", "console": "null",
	} {
		if err := os.Symlink(to, filepath.Join(dev, link)); err != nil {
			return err
		}
	}
	return nil
}

// pivot makes the disk the root and forgets everything else.
func pivot(b birth) error {
	if err := unix.Chdir(b.Root); err != nil {
		return fmt.Errorf("entering the disk: %w", err)
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("changing the root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leaving the old root: %w", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return fmt.Errorf("entering the root: %w", err)
	}
	// As systemd does on a real machine, and the kubelet expects.
	return mount("", "/", "", unix.MS_REC|unix.MS_SHARED, "")
}

func address(b birth) error {
	commands := [][]string{{"link", "set", "lo", "up"}, {"link", "set", "eth0", "up"}}
	for _, a := range b.Addresses {
		add := []string{"addr", "add", a, "dev", "eth0"}
		if strings.Contains(a, ":") {
			add = append(add, "nodad")
		}
		commands = append(commands, add)
	}
	for _, g := range b.Gateways {
		family := "-4"
		if strings.Contains(g, ":") {
			family = "-6"
		}
		commands = append(commands, []string{family, "route", "add", "default", "via", g})
	}
	for _, args := range commands {
		if out, err := exec.CommandContext(context.Background(), "/usr/sbin/ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

func mount(what, where, kind string, flags uintptr, options string) error {
	if err := unix.Mount(what, where, kind, flags, options); err != nil {
		return fmt.Errorf("mounting %s at %s: %w", kind, where, err)
	}
	return nil
}

func bind(from, to string) error { return mount(from, to, "", unix.MS_BIND|unix.MS_REC, "") }

func readOnly(dir string) error {
	if err := bind(dir, dir); err != nil {
		return err
	}
	return mount(
		"",
		dir,
		"",
		unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC,
		"",
	)
}
