//go:build linux

package node_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// TestStray looks for data where no manifest says that there is any, and proves that there is none only where no mount
// is missing.
func TestStray(t *testing.T) {
	const member = "member/snap/db"
	const fstab = "/dev/vdb @/var/lib/etcd ext4 nofail 0 2\n"
	all := shells(t)
	for i, c := range []struct {
		name          string
		files         map[string]string // @ is the folder
		folder        string
		link          string // in the data folder
		data, unknown string // @ is the folder
	}{
		{name: "nothing"},
		{name: "an empty folder", folder: "var/lib/etcd"},
		{name: "what is no data", files: map[string]string{"var/lib/etcd/lost+found/x": "x"}},
		{name: "data", files: map[string]string{"var/lib/etcd/" + member: "db"}, data: "@/var/lib/etcd"},
		{
			name:  "data of a distribution",
			files: map[string]string{"var/lib/etcd/m1.etcd/" + member: "db"}, data: "@/var/lib/etcd/m1.etcd",
		},
		{
			name: "data in another folder", files: map[string]string{"data/etcd/" + member: "db"}, data: "@/data/etcd",
		},
		{
			name: "missing, and not mounted", files: map[string]string{"fstab": fstab},
			unknown: "@/var/lib/etcd is missing, and @/fstab mounts /dev/vdb there, which is not mounted now",
		},
		{
			name: "empty, and not mounted", files: map[string]string{"fstab": fstab}, folder: "var/lib/etcd",
			unknown: "@/var/lib/etcd is without data of etcd, " +
				"and @/fstab mounts /dev/vdb there, which is not mounted now",
		},
		{
			name: "data in the place of a mount", data: "@/var/lib/etcd",
			files: map[string]string{"fstab": fstab, "var/lib/etcd/" + member: "db"},
		},
		{
			name: "another folder, not mounted", folder: "var/lib/etcd",
			files:   map[string]string{"fstab": "/dev/vdb @/data ext4\n"},
			unknown: "@/data/etcd is missing, and @/fstab mounts /dev/vdb at @/data, which is not mounted now",
		},
		{
			name: "a folder in it, not mounted", folder: "var/lib/etcd/m1.etcd",
			files: map[string]string{"fstab": "/dev/vdb @/var/lib/etcd/m1.etcd ext4\n"},
			unknown: "@/var/lib/etcd/m1.etcd is without data of etcd, " +
				"and @/fstab mounts /dev/vdb there, which is not mounted now",
		},
		{
			name: "a folder in it that is not there, not mounted", folder: "var/lib/etcd",
			files: map[string]string{"fstab": "/dev/vdb @/var/lib/etcd/m1.etcd ext4\n"},
			unknown: "@/var/lib/etcd/m1.etcd is without data of etcd, " +
				"and @/fstab mounts /dev/vdb there, which is not mounted now",
		},
		{
			name: "a link in it to a disk", folder: "var/lib/etcd", link: "@/disk/member",
			files: map[string]string{"fstab": "/dev/vdb @/disk ext4\n"},
			unknown: "@/var/lib/etcd/member is missing, " +
				"and @/fstab mounts /dev/vdb at @/disk, which is not mounted now",
		},
		{
			name: "another file than a folder", files: map[string]string{"var/lib/etcd": ""},
			unknown: "@/var/lib/etcd cannot be read: Not a directory",
		},
		{name: "other folders", files: map[string]string{"fstab": "/dev/vdb @/var/lib/etcd2 ext4\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Each in another shell: there is one script.
			l, dir := local{shell: all[i%len(all)]}, t.TempDir()
			here := func(s string) string { return strings.ReplaceAll(s, "@", dir) }
			write(t, dir, map[string]string{"mountinfo": "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"})
			for name, text := range c.files {
				write(t, dir, map[string]string{name: here(text)})
			}
			must(t, os.MkdirAll(filepath.Join(dir, c.folder), 0o755))
			if c.link != "" {
				must(t, os.Symlink(here(c.link), filepath.Join(dir, "var/lib/etcd/member")))
			}
			n := node.New(node.Settings{Name: "m1"}, mounted{local: l, dir: dir})
			found, err := n.Stray(t.Context(), filepath.Join(dir, "var/lib/etcd"), filepath.Join(dir, "data/etcd"))
			must(t, err)
			want := strings.ReplaceAll(here(c.unknown), dir+"/fstab", "/etc/fstab")
			if found.Data != here(c.data) || found.Unknown != want {
				t.Errorf("data %q, unknown:\n%s\nwant %q, and\n%s", found.Data, found.Unknown, here(c.data), want)
			}
		})
	}
}
