//go:build linux

package machine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// What a machine mounts before systemd begins.

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
	const flags = unix.MS_NOSUID | unix.MS_NODEV
	sys := filepath.Join(b.Root, "sys")
	if err := mount("sysfs", sys, "sysfs", flags|unix.MS_RDONLY|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	for dir, options := range map[string]string{"run": "mode=755", "tmp": "mode=1777"} {
		if err := mount("tmpfs", filepath.Join(b.Root, dir), "tmpfs", flags, options); err != nil {
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
		device := filepath.Join(dev, name)
		if err := os.WriteFile(device, nil, 0o666); err != nil {
			return err
		}
		if err := bind("/dev/"+name, device); err != nil {
			return err
		}
	}
	for _, m := range []struct {
		kind, dir string
		flags     uintptr
		options   string
	}{
		{"devpts", "pts", unix.MS_NOSUID | unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620,gid=5"},
		{"tmpfs", "shm", unix.MS_NOSUID | unix.MS_NODEV, "mode=1777"},
		{"mqueue", "mqueue", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
	} {
		at := filepath.Join(dev, m.dir)
		if err := os.Mkdir(at, 0o755); err != nil {
			return err
		}
		if err := mount(m.kind, at, m.kind, m.flags, m.options); err != nil {
			return err
		}
	}
	for link, to := range map[string]string{
		"ptmx":    "pts/ptmx",
		"fd":      "/proc/self/fd",
		"stdin":   "/proc/self/fd/0",
		"stdout":  "/proc/self/fd/1",
		"stderr":  "/proc/self/fd/2",
		"console": "null",
	} {
		if err := os.Symlink(to, filepath.Join(dev, link)); err != nil {
			return err
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
	const flags = unix.MS_BIND | unix.MS_REMOUNT | unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	return mount("", dir, "", flags, "")
}
