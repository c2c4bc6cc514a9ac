//go:build linux

package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/build"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/disk"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/machine"
)

// bootPatience bounds whatever comes of a machine that is on. It takes seconds; a machine that runs many of them takes
// longer.
const bootPatience = 2 * time.Minute

// costly is between two looks that start processes on a node.
const costly = 250 * time.Millisecond

// A debianNode is a node of the grade Debian.
type debianNode struct {
	lab     *debianNodes
	name    string
	number  int
	disk    disk.Sized
	machine *machine.Machine
}

var _ DebianNode = (*debianNode)(nil)

func newDebianNode(l *debianNodes, i int) (*debianNode, error) {
	d := &debianNode{lab: l, name: fmt.Sprintf("m%d", i), number: i}
	d.disk = disk.Sized{Dir: filepath.Join(l.dir, d.name), Size: l.options.DiskSize}
	if err := d.disk.Mount(); err != nil {
		return nil, err
	}
	c := machine.Config{
		Name: d.name, Dir: d.disk.Dir, Base: l.parts.base, Network: l.network, Number: i, Spawn: l.spawn,
		// An overlay cannot lie on an overlay.
		Volumes: []string{"/var/lib/containerd", "/var/lib/docker"},
		Files: map[string]string{
			"/usr/bin/kubelet":      l.parts.kubernetes.Kubelet,
			"/usr/bin/kubeadm":      l.parts.kubernetes.Kubeadm,
			"/opt/images/etcd.tar":  filepath.Join(l.dir, "etcd.tar"),
			"/opt/images/pause.tar": filepath.Join(l.dir, "pause.tar"),
		},
	}
	if l.options.DataMount {
		c.Volumes = append(c.Volumes, l.options.data())
	}
	var err error
	d.machine, err = machine.New(c)
	return d, err
}

// What the files of a node are filled in with.

// Pause is the image of a pod's sandbox.
func (d *debianNode) Pause() string { return build.PauseRef }

// Docker reports which runtime the kubelet uses.
func (d *debianNode) Docker() bool { return d.lab.options.Docker }

// Service is the runtime's.
func (d *debianNode) Service() string {
	if d.Docker() {
		return "docker"
	}
	return "containerd"
}

// APIDown reports whether the kubelet has an API server that does not answer, or none.
func (d *debianNode) APIDown() bool { return d.lab.options.APIDown }

func (d *debianNode) Name() string { return d.name }

func (d *debianNode) Host() string {
	if d.lab.options.IPv6 {
		return d.lab.network.Prefix6(d.number).Addr().String()
	}
	return d.lab.network.Prefix4(d.number).Addr().String()
}

func (d *debianNode) Port() int { return 22 }

func (d *debianNode) ClientURL() string {
	return "https://" + net.JoinHostPort(d.Host(), strconv.Itoa(clientPort))
}
func (d *debianNode) PeerURL() string {
	return "https://" + net.JoinHostPort(d.Host(), strconv.Itoa(peerPort))
}
func (d *debianNode) Path(p string) string   { return filepath.Join(d.machine.Root(), p) }
func (d *debianNode) Inside(p string) string { return p }

func (d *debianNode) HostKey() string {
	line, err := os.ReadFile(d.Path(hostKeyFile + ".pub"))
	if err != nil {
		d.lab.note("%s: %v", d.name, err)
	}
	return strings.TrimSpace(string(line))
}

// Run runs a command on the node, as root, whatever its network does.
func (d *debianNode) Run(ctx context.Context, args ...string) (string, error) {
	return d.machine.Run(ctx, args...)
}

// do is Run for what cannot fail on a machine that is on.
func (d *debianNode) do(args ...string) string {
	ctx, cancel := context.WithTimeout(d.lab.life, bootPatience)
	defer cancel()
	out, err := d.Run(ctx, args...)
	if err != nil && d.machine.On() {
		d.lab.note("%v", err)
	}
	return strings.TrimSpace(out)
}
