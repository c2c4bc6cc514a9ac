//go:build linux

package lab

import (
	"errors"
	"fmt"
	"os"
)

// etcdDisk stands for a disk. A machine in namespaces has no devices, and systemd mounts a folder in the same way.
const (
	etcdDisk   = "/srv/etcd-disk"
	pulledDisk = "/srv/etcd-disk-pulled"
)

func (d *debianNode) DataOnDisk() error {
	place := d.lab.options.data()
	d.KubeletStop()
	d.KillEtcd()
	if err := os.MkdirAll(d.Path(etcdDisk), 0o700); err != nil {
		return fmt.Errorf("making a disk: %w", err)
	}
	// The folder itself is one of Debian's, which cannot be moved out of the overlay.
	if err := os.Rename(d.Path(place+"/member"), d.Path(etcdDisk+"/member")); err != nil {
		return fmt.Errorf("moving the data to a disk: %w", err)
	}
	if err := d.write("/etc/fstab", etcdDisk+" "+place+" none bind,nofail 0 0\n", 0o644); err != nil {
		return err
	}
	for _, command := range [][]string{{"systemctl", "daemon-reload"}, {"mount", "-a"}} {
		if _, err := d.Run(d.lab.life, command...); err != nil {
			return err
		}
	}
	d.KubeletStart()
	return nil
}

func (d *debianNode) PullDisk() error {
	if d.machine.On() {
		return errors.New("a disk that is in use cannot be pulled: switch the node off first")
	}
	if err := os.Rename(d.Path(etcdDisk), d.Path(pulledDisk)); err != nil {
		return fmt.Errorf("pulling a disk: %w", err)
	}
	// Systemd would make a folder that is missing, and mount that.
	return d.write(etcdDisk, "", 0o600)
}

func (d *debianNode) PlugDisk() error {
	if err := os.Remove(d.Path(etcdDisk)); err != nil {
		return fmt.Errorf("plugging a disk in: %w", err)
	}
	if err := os.Rename(d.Path(pulledDisk), d.Path(etcdDisk)); err != nil {
		return fmt.Errorf("plugging a disk in: %w", err)
	}
	return nil
}
