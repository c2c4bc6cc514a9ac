//go:build linux

package machine

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
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
	arguments := []string{"/lib/systemd/systemd"}
	environment := []string{"container=lab", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	if !unified(b.Groups) {
		// Otherwise systemd mounts its hybrid tree over what there is.
		arguments = append(arguments,
			"systemd.unified_cgroup_hierarchy=0", "systemd.legacy_systemd_cgroup_controller=1")
	}
	return syscall.Exec(arguments[0], arguments, environment)
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
