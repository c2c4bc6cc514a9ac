//go:build linux

package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// errNoDiskSize is returned where filling a master's disk would fill this machine's.
var errNoDiskSize = errors.New("the master's disk has no size: start the lab with Options.DiskSize")

// A sizedDisk is a folder on a file system of its own, in memory. Etcd preallocates two segments of its log, of 64 MB
// each, and a recovery copies the data: a bench master does well with 400 MiB. A machine has what it imports into its
// container runtime besides, and wants 1 GiB.
//
// What is on it ends with close, also in a folder that the lab was given. A process that is killed leaves it mounted,
// unless it is in a hub: there the mount ends with the process.
type sizedDisk struct {
	dir     string
	size    int64 // 0: the folder is like any other
	mounted bool
}

// mount makes the file system, if there is to be one.
func (d *sizedDisk) mount() error {
	if d.size == 0 {
		return nil
	}
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return fmt.Errorf("making a disk of limited size: %w", err)
	}
	err := mountMemory(d.dir, fmt.Sprintf("size=%d,mode=755", d.size))
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("making a disk of limited size needs root, since it is mounted: %w", err)
	}
	if err != nil {
		return fmt.Errorf("making a disk of limited size: %w", err)
	}
	d.mounted = true
	return nil
}

func mountMemory(dir, options string) error {
	return os.NewSyscallError("mount", unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, options))
}

// close unmounts it with what is mounted on it: at once, or as soon as nobody uses it any more.
func (d *sizedDisk) close() error {
	if !d.mounted {
		return nil
	}
	d.mounted = false
	err := unix.Unmount(d.dir, unix.MNT_DETACH)
	if err != nil && !errors.Is(err, unix.EINVAL) { // EINVAL: somebody did it by hand
		return fmt.Errorf("unmounting %s: %w", d.dir, err)
	}
	return nil
}

func (d *sizedDisk) filler() string { return filepath.Join(d.dir, "filler") }

// fill writes until nothing more fits.
func (d *sizedDisk) fill() error {
	if !d.mounted {
		return errNoDiskSize
	}
	f, err := os.OpenFile(d.filler(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("filling a disk: %w", err)
	}
	defer func() { _ = f.Close() }()
	for zeros := make([]byte, 1<<20); err == nil; {
		_, err = f.Write(zeros) // as much of it as fits
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("filling a disk: %w", err)
	}
	return nil
}

func (d *sizedDisk) free() error {
	if err := os.Remove(d.filler()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("freeing a disk: %w", err)
	}
	return nil
}
