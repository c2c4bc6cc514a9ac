//go:build linux

package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrNoSize is returned where filling a node's disk would fill this machine's.
var ErrNoSize = errors.New("the node's disk has no size: start the lab with Options.DiskSize")

// A Sized disk is a folder on a file system of its own, in memory. Etcd preallocates two segments of its log, of 64 MB
// each, and a recovery copies the data: a simulated node does well with 400 MiB. A Debian node has what it imports
// into its container runtime besides, and wants 1 GiB.
//
// What is on it ends with Close, also in a folder that the lab was given. A process that is killed leaves it mounted,
// unless it is in a namespace of its own: there the mount ends with the process.
type Sized struct {
	Dir     string
	Size    int64 // in bytes; 0: the folder is like any other
	mounted bool
}

// Mount makes the file system, if there is to be one.
func (d *Sized) Mount() error {
	if d.Size == 0 {
		return nil
	}
	if err := os.MkdirAll(d.Dir, 0o755); err != nil {
		return fmt.Errorf("making a disk of limited size: %w", err)
	}
	err := MountMemory(d.Dir, fmt.Sprintf("size=%d,mode=755", d.Size))
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("making a disk of limited size needs root, since it is mounted: %w", err)
	}
	if err != nil {
		return fmt.Errorf("making a disk of limited size: %w", err)
	}
	d.mounted = true
	return nil
}

// MountMemory mounts a file system in memory, with options of tmpfs.
func MountMemory(dir, options string) error {
	return os.NewSyscallError("mount", unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, options))
}

// Mounted reports whether there is a file system to be filled.
func (d *Sized) Mounted() bool { return d.mounted }

// Close unmounts it with what is mounted on it: at once, or as soon as nobody uses it any more.
func (d *Sized) Close() error {
	if !d.mounted {
		return nil
	}
	d.mounted = false
	err := unix.Unmount(d.Dir, unix.MNT_DETACH)
	if err != nil && !errors.Is(err, unix.EINVAL) { // EINVAL: somebody did it by hand
		return fmt.Errorf("unmounting %s: %w", d.Dir, err)
	}
	return nil
}

func (d *Sized) filler() string { return filepath.Join(d.Dir, "filler") }

// Fill writes until nothing more fits.
func (d *Sized) Fill() error {
	if !d.mounted {
		return ErrNoSize
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

// Free undoes Fill.
func (d *Sized) Free() error {
	if err := os.Remove(d.filler()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("freeing a disk: %w", err)
	}
	return nil
}
