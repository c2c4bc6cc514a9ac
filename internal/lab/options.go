//go:build linux

package lab

import (
	"io"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/kubelet"
)

// Grade is how real the nodes are.
type Grade int

const (
	// Simulated nodes need nothing but Go: real etcd servers and a fake kubelet, on loopback.
	Simulated Grade = iota
	// Debian nodes are Debian systems with systemd, OpenSSH, a container runtime and a real kubelet. They need root on
	// Debian, and a process that runs in a host namespace (see the package machine).
	Debian
)

// KubeletTiming says how fast the kubelets of simulated nodes are.
type KubeletTiming = kubelet.Timing

// Options say what kind of nodes to make. The zero value is good: three nodes, etcd 3.7, a temporary folder.
type Options struct {
	Grade  Grade  // Simulated
	Nodes  int    // 3
	Spare  int    // simulated nodes more, which are off, have no data, and are in nobody's list
	Etcd   string // minor version: "3.5", "3.6" or "3.7"; Debian nodes can have "3.4", too
	Dir    string // for the nodes' disks; kept by Close if it is given
	Shape  Shape  // of --initial-cluster in the manifests
	WALDir bool   // a WAL folder of its own, /var/lib/etcd-wal
	// More flags for etcd, or other values: "heartbeat-interval": "10".
	ExtraFlags map[string]string
	// Edits each manifest before the first start.
	Manifest func(node string, text []byte) []byte
	Kubelet  KubeletTiming
	// Of each node, in bytes, so that it can be full; 0: no limit. See disk.Sized.
	DiskSize int64
	Log      io.Writer // what the lab does, line by line

	// For Debian nodes.
	Docker    bool   // kubelet 1.23 with Docker, instead of a current one with containerd
	APIDown   bool   // the kubelet has an API server to talk to, which does not answer; otherwise it has none
	DataMount bool   // the data folder is a mount point, with lost+found
	HostPath  string // where the data lies on the node, when it is not where etcd sees it
	IPv6      bool   // all addresses
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if o.Nodes == 0 {
		o.Nodes = 3
	}
	if o.Etcd == "" {
		o.Etcd = "3.7"
	}
	return o
}

// data is where the data lies on a node.
func (o Options) data() string {
	if o.HostPath != "" {
		return o.HostPath
	}
	return dataDir
}

// kubernetes is the minor version of the kubelet and of kubeadm.
func (o Options) kubernetes() string {
	if o.Docker {
		return "1.23"
	}
	return "1.37"
}
