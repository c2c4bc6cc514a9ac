//go:build linux

package node_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// mounted is a machine whose mounts, and what says what they should be, are files in a folder.
type mounted struct {
	local
	dir string
}

func (m mounted) Run(ctx context.Context, script string) ([]byte, error) {
	return m.local.Run(ctx, strings.NewReplacer(
		"/proc/self/mountinfo", m.dir+"/mountinfo",
		"/etc/fstab", m.dir+"/fstab",
		"/etc/systemd/", m.dir+"/etc/systemd/",
		"/run/systemd/", m.dir+"/run/systemd/",
		"/usr/local/lib/systemd/", m.dir+"/none/",
		"/usr/lib/systemd/", m.dir+"/usr/lib/systemd/",
		"/lib/systemd/", m.dir+"/usr/lib/systemd/",
	).Replace(script))
}

// TestEmptyUnknown takes an empty folder for a loss only where no mount is missing.
func TestEmptyUnknown(t *testing.T) {
	const (
		root  = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
		unit  = "etc/systemd/system/var-lib-etcd.mount"
		lower = "usr/lib/systemd/system/var-lib-etcd.mount"
		where = "[Unit]\nDescription=etcd\n[Mount]\nWhat = /dev/vdb\nWhere=@/var/lib/etcd\n"
	)
	mount := func(place, kind string) string {
		return "40 22 8:16 / @" + place + " rw,noatime master:3 - " + kind + " /dev/vdb rw\n"
	}
	data := map[string]string{"var/lib/etcd/member/snap/db": "db", "var/lib/etcd/member/wal/0.wal": "wal"}
	with := func(more map[string]string, name, text string) map[string]string {
		all := map[string]string{name: text}
		for k, v := range more {
			all[k] = v
		}
		return all
	}
	all := shells(t)
	for i, c := range []struct {
		name       string
		files      map[string]string // @ is the folder
		folders    []string
		links      map[string]string
		wal        string // in var/lib
		mountinfo  string
		unknown    string // @ is the folder
		empty      bool
		notMounted string
	}{
		{name: "nothing says that it is a mount", folders: []string{"var/lib/etcd"}, empty: true},
		{name: "missing, and nothing says that it is a mount", empty: true},
		{
			name:    "lost+found is in the mount that is there",
			folders: []string{"var/lib/etcd/lost+found"}, mountinfo: mount("/var/lib/etcd", "ext4"),
			files: map[string]string{"fstab": "/dev/vdb @/var/lib/etcd ext4 nofail 0 2\n"},
			empty: true,
		},
		{
			name: "fstab", folders: []string{"var/lib/etcd"},
			files:   map[string]string{"fstab": "# /dev/vda / ext4\n/dev/vdb\t@/var/lib/etcd\text4 nofail 0 2\n"},
			unknown: "@/var/lib/etcd is empty, and @/fstab mounts /dev/vdb there, which is not mounted now",
		},
		{
			name: "fstab, of a folder above", files: map[string]string{"fstab": "UUID=1-2 @/var/ xfs defaults 0 0\n"},
			unknown: "@/var/lib/etcd is missing, and @/fstab mounts UUID=1-2 at @/var, which is not mounted now",
		},
		{
			name:    "fstab, of other folders",
			folders: []string{"var/lib/etcd"},
			files: map[string]string{
				"fstab": "/dev/sda1 / ext4\n/dev/vdb @/var/lib/etc ext4\n/dev/vdc @/var/lib/etcd/member2 ext4\n" +
					"#/dev/vdd @/var ext4\n/dev/sda2 none swap\n\nbroken\n",
			},
			empty: true,
		},
		{
			name: "an automount that failed", folders: []string{"var/lib/etcd"},
			files:     map[string]string{"fstab": "/dev/vdb @/var/lib/etcd ext4 x-systemd.automount 0 2\n"},
			mountinfo: mount("/var/lib/etcd", "autofs"),
			unknown:   "@/var/lib/etcd is empty, and @/fstab mounts /dev/vdb there, which is not mounted now",
		},
		{
			name: "an automount that did not fail", folders: []string{"var/lib/etcd"},
			files:     map[string]string{"fstab": "/dev/vdb @/var/lib/etcd ext4 x-systemd.automount 0 2\n"},
			mountinfo: mount("/var/lib/etcd", "autofs") + mount("/var/lib/etcd", "ext4"), empty: true,
		},
		{
			name: "a unit", folders: []string{"var/lib/etcd", "run/systemd/system"},
			files:   map[string]string{unit: where},
			unknown: "@/var/lib/etcd is empty, and @/" + unit + " mounts /dev/vdb there, which is not mounted now",
		},
		{
			name: "a unit where systemd does not run", folders: []string{"var/lib/etcd"},
			files: map[string]string{unit: where}, empty: true,
		},
		{
			name: "a unit that is masked", folders: []string{"var/lib/etcd", "run/systemd/system"},
			files: map[string]string{lower: where}, links: map[string]string{unit: "/dev/null"}, empty: true,
		},
		{
			name: "a unit that another replaces", folders: []string{"var/lib/etcd", "run/systemd/system"},
			files: map[string]string{lower: where, unit: "[Mount]\nWhere=@/srv\n"}, empty: true,
		},
		{
			name: "a WAL on a disk of its own", wal: "wal", folders: []string{"var/lib/wal"},
			files: with(data, "fstab", "/dev/vdb @/var/lib/wal ext4\n"),
			unknown: "@/var/lib/wal is without a log of etcd, " +
				"and @/fstab mounts /dev/vdb there, which is not mounted now",
		},
		{
			name: "a link to a disk", folders: []string{"var/lib"},
			links:   map[string]string{"var/lib/etcd": "@/disk/etcd"},
			files:   map[string]string{"fstab": "/dev/vdb @/disk ext4\n"},
			unknown: "@/var/lib/etcd is missing, and @/fstab mounts /dev/vdb at @/disk, which is not mounted now",
		},
		{
			name: "a mount that is listed by way of a link", folders: []string{"disk/etcd"},
			links: map[string]string{"var/lib": "../disk"}, mountinfo: mount("/disk/etcd", "ext4"),
			files: map[string]string{"fstab": "/dev/vdb @/var/lib/etcd ext4\n"}, empty: true,
		},
		{
			name: "a folder of a disk", folders: []string{"var/lib/etcd", "disk/etcd"},
			files: map[string]string{
				"fstab": "@/disk/etcd @/var/lib/etcd none bind,nofail 0 0\n/dev/vdb @/disk ext4 nofail 0 2\n",
			},
			mountinfo: mount("/var/lib/etcd", "ext4"),
			unknown: "@/var/lib/etcd is empty, and @/fstab mounts @/disk/etcd there, " +
				"and @/fstab mounts /dev/vdb at @/disk, which is not mounted now",
		},
		{
			name: "a folder of a disk that is mounted", folders: []string{"var/lib/etcd", "disk/etcd"},
			files: map[string]string{
				"fstab": "@/disk/etcd @/var/lib/etcd none bind,nofail 0 0\n/dev/vdb @/disk ext4 nofail 0 2\n",
			},
			mountinfo: mount("/var/lib/etcd", "ext4") + mount("/disk", "ext4"), empty: true,
		},
		{
			name: "a folder that is mounted on itself", folders: []string{"var/lib/etcd"},
			files:     map[string]string{"fstab": "@/var/lib/etcd @/var/lib/etcd none bind 0 0\n"},
			mountinfo: mount("/var/lib/etcd", "ext4"), empty: true,
		},
		{
			name: "data in the place of a mount", files: with(data, "fstab", "/dev/vdb @/var/lib/etcd ext4\n"),
			notMounted: "@/var/lib/etcd has something in it, " +
				"and @/fstab mounts /dev/vdb there, which is not mounted now",
		},
		{name: "data", files: data},
		{
			name: "data in a mount", files: with(data, "fstab", "/dev/vdb @/var/lib/etcd ext4\n"),
			mountinfo: mount("/var/lib/etcd", "ext4"),
		},
		{
			name: "another file than a folder", files: map[string]string{"var/lib/etcd": ""},
			unknown: "@/var/lib/etcd cannot be read: Not a directory",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Each in another shell: there is one script.
			l, dir := local{shell: all[i%len(all)]}, filepath.Join(t.TempDir(), "it's a $(folder)")
			escaped := strings.ReplaceAll(dir, " ", `\040`)
			write(t, dir, map[string]string{"mountinfo": root + strings.ReplaceAll(c.mountinfo, "@", escaped)})
			for name, text := range c.files {
				at := dir
				if name == "fstab" {
					at = escaped
				}
				write(t, dir, map[string]string{name: strings.ReplaceAll(text, "@", at)})
			}
			for _, f := range c.folders {
				must(t, os.MkdirAll(filepath.Join(dir, f), 0o755))
			}
			for name, to := range c.links {
				must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
				must(t, os.Symlink(strings.ReplaceAll(to, "@", dir), filepath.Join(dir, name)))
			}
			p := node.Paths{DataDir: filepath.Join(dir, "var/lib/etcd")}
			if c.wal != "" {
				p.WALDir = filepath.Join(dir, "var/lib", c.wal)
			}
			// The name of the folder would need to be quoted in the scripts, so they are given a link to it.
			plain := filepath.Join(t.TempDir(), "root")
			must(t, os.Symlink(dir, plain))
			n := node.New(node.Settings{Name: "m1"}, mounted{local: l, dir: plain})
			disk, err := n.Disk(t.Context(), p, node.Runtime{})
			must(t, err)
			here := func(s string) string {
				return strings.NewReplacer(
					"@/fstab", "/etc/fstab", "@/etc/systemd", "/etc/systemd", "@", dir,
				).Replace(s)
			}
			got := strings.ReplaceAll(disk.EmptyUnknown, plain+"/etc/systemd", "/etc/systemd")
			if want := here(c.unknown); got != want {
				t.Errorf("unknown:\n%s\nwant\n%s", got, want)
			}
			if disk.Empty != c.empty || disk.NotMounted != here(c.notMounted) {
				t.Errorf("empty %v, not mounted %q", disk.Empty, disk.NotMounted)
			}
			on := "/"
			for _, at := range []string{"/disk/etcd", "/var/lib/etcd"} {
				if strings.Contains(c.mountinfo, mount(at, "ext4")) {
					on = dir + at
				}
			}
			if disk.Mount != on {
				t.Errorf("it is on %q, want %q", disk.Mount, on)
			}
		})
	}
}
