//go:build linux

package node_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// machine is one whose processes, ports, addresses and system folders are files in a folder.
type machine struct {
	local
	dir string
}

func (m machine) Run(ctx context.Context, script string) ([]byte, error) {
	var pairs []string
	for _, place := range []string{
		"/proc/[0-9]*/comm", "/proc/1/", "/proc/net/", "/proc/sys/", "/etc/systemd/", "/run/systemd/", "/etc/init.d/",
		"/usr/lib/systemd/", "/usr/local/lib/", "/etc/kubernetes/",
	} {
		pairs = append(pairs, place, m.dir+place)
	}
	pairs = append(pairs, " /lib/systemd/", " "+m.dir+"/lib/systemd/", "/proc/[0-9]*/cmdline", "/dev/null",
		"config=/var/lib/", "config="+m.dir+"/var/lib/")
	return m.local.Run(ctx, strings.NewReplacer(pairs...).Replace(script))
}

const (
	noSockets = "  sl  local_address rem_address   st\n   0: 0100007F:0016 00000000:0000 0A 00000000:00000000\n" +
		"   1: 0100007F:094B 0100007F:8000 01 00000000:00000000\n" // a connection to port 2379
	listening = noSockets + "   2: 0500000A:094C 00000000:0000 0A 00000000:00000000\n"
)

// TestBare finds a machine that was installed anew, and whatever would have to be stopped first.
func TestBare(t *testing.T) {
	const unit = "usr/lib/systemd/system/kubelet.service"
	all := shells(t)
	for i, c := range []struct {
		name  string
		files map[string]string
		trace string
	}{
		{name: "bare"},
		{name: "a unit", files: map[string]string{unit: ""}, trace: unit},
		{
			name: "a folder of manifests", files: map[string]string{"etc/kubernetes/manifests/etcd.yaml": "etcd"},
			trace: "etc/kubernetes/manifests",
		},
		{name: "a program", files: map[string]string{"bin/kubelet": "#!/bin/sh\n"}, trace: "bin/kubelet"},
		{name: "etcd", files: map[string]string{"proc/77/comm": "etcd\n"}, trace: "a process etcd"},
		{
			name: "a port of IPv4", files: map[string]string{"proc/net/tcp": listening},
			trace: "something listens at port 2379 or 2380",
		},
		{
			name: "a port of IPv6", files: map[string]string{"proc/net/tcp6": listening},
			trace: "something listens at port 2379 or 2380",
		},
		{
			name: "no look at processes", files: map[string]string{"proc/1/comm": "-"},
			trace: "processes that cannot be seen",
		},
		{
			name: "no look at ports", files: map[string]string{"proc/net/tcp": "-"},
			trace: "listening ports that cannot be seen",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			at := func(name string) string { return filepath.Join(dir, name) }
			write(t, dir, map[string]string{
				"proc/1/comm": "systemd\n", "proc/12/comm": "etcdctl\n", "proc/net/tcp": noSockets, "bin/none": "",
			})
			write(t, dir, c.files)
			for name, text := range c.files {
				if text == "-" {
					must(t, os.Remove(at(name)))
				}
			}
			_ = os.Chmod(at("bin/kubelet"), 0o755)
			l := local{shell: all[i%len(all)], path: at("bin")}
			n := node.New(node.Settings{Name: "m1", WorkDir: at("work")}, machine{local: l, dir: dir})
			found, err := n.Look(t.Context())
			if !errors.Is(err, node.ErrNoManifestDir) {
				t.Fatalf("got %v", err)
			}
			var want []string
			switch {
			case strings.Contains(c.trace, " "):
				want = []string{c.trace}
			case c.trace != "":
				want = []string{at(c.trace)}
			}
			if !found.Looked || !slices.Equal(found.Traces, want) || found.Bare() != (c.trace == "") {
				t.Errorf("traces %q, bare %v", found.Traces, found.Bare())
			}
		})
	}
}

// TestAddresses reads the addresses of a machine as the kernel prints them.
func TestAddresses(t *testing.T) {
	const trie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.0.0.0/24 2 0 2
        |-- 10.0.0.0
           /24 link UNICAST
        |-- 10.0.0.11
           /32 host LOCAL
        |-- 10.0.0.255
           /32 link BROADCAST
Local:
  +-- 127.0.0.0/8 2 0 2
     |-- 127.0.0.0
        /8 host LOCAL
     |-- 127.0.0.1
        /32 host LOCAL
     |-- 10.0.0.11
        /32 host LOCAL
     |-- 10.9.0.0
        /16 host LOCAL
`
	const inet6 = "00000000000000000000000000000001 01 80 10 80       lo\n" +
		"fd00000000000000000000000000000b 02 40 00 80     eth0\n"
	for i, s := range shells(t) {
		t.Run(s.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, map[string]string{"proc/net/tcp": noSockets, "proc/1/comm": ""})
			look := func(files map[string]string) *node.Pods {
				t.Helper()
				write(t, dir, files)
				n := node.New(node.Settings{Name: "m1", WorkDir: dir}, machine{local: local{shell: s}, dir: dir})
				found, err := n.Look(t.Context())
				if !errors.Is(err, node.ErrNoManifestDir) {
					t.Fatal(err)
				}
				return found
			}
			has := func(p *node.Pods, want map[string]bool) {
				t.Helper()
				for a, own := range want {
					if p.HasAddress(netip.MustParseAddr(a)) != own {
						t.Errorf("%s is not what it should be in %v", a, p.Addresses)
					}
				}
			}
			if i == 0 { // nothing can be read, so nothing is known to be missing
				has(look(nil), map[string]bool{"10.0.0.12": true, "fd00::c": true})
			}
			found := look(map[string]string{"proc/net/fib_trie": trie, "proc/net/if_inet6": inet6})
			if len(found.Addresses) != 6 {
				t.Errorf("addresses %v", found.Addresses)
			}
			has(found, map[string]bool{
				"10.0.0.11": true, "10.0.0.12": false, "10.0.0.255": false, "10.9.1.2": true, "127.3.4.5": true,
				"fd00::b": true, "fd00::c": false, "::1": true, "0.0.0.0": true, "::": true, "::ffff:10.0.0.11": true,
			})
			found = look(map[string]string{"proc/sys/net/ipv4/ip_nonlocal_bind": "1\n"})
			has(found, map[string]bool{"10.0.0.12": true})
		})
	}
}
