//go:build linux

package lab

import (
	"context"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/sshd"
)

// A Node is one of the nodes to practise on, of either grade: what it is called, and what can befall it.
type Node interface {
	Identity
	Power
	Network
	Login
	Kubelet
	Etcd
	Disk
	Observed
}

// Identity is what a node is called, and where it is found.
type Identity interface {
	// Name is the node's name, which is also the name of its etcd member: "m1".
	Name() string
	// Host and Port are where its SSH endpoint is. Host is its address for clients and peers, too.
	Host() string
	Port() int
	// HostKey is its current SSH host key as in an authorized_keys or known_hosts file: "ssh-ed25519 AAAA…".
	HostKey() string
	// ClientURL and PeerURL are what its etcd advertises.
	ClientURL() string
	PeerURL() string
	// Path turns a path on the node, "/etc/kubernetes/manifests/etcd.yaml", into the place on this machine.
	Path(p string) string
	// Inside turns it into what the node itself calls the place. Settings of the provider want this one.
	Inside(p string) string
}

// Power switches a node off and on, and makes it stand still.
type Power interface {
	// PowerOff kills every process of the node at once; SSH and peers are refused from then on.
	PowerOff()
	// PowerOn starts the SSH endpoint and the kubelet with what is on disk.
	PowerOn() error
	// Freeze stops every process of the node without ending it. Connections stay open and nothing answers; new ones
	// hang.
	Freeze()
	// Thaw undoes Freeze.
	Thaw()
}

// Network takes a node off the network, or only its SSH.
type Network interface {
	// CutOff takes the node off the network: traffic of its peers to it and from it ends, SSH connections are reset
	// and new ones refused. Its processes run on. Clients that the lab itself makes still reach its etcd, as if run on
	// the node.
	CutOff()
	// Reconnect undoes CutOff. SSH stays as CutSSH left it.
	Reconnect() error
	// CutSSH resets the SSH connections and refuses new ones until RestoreSSH, over power cycles and Reconnect too.
	// What sessions started runs on, as when sshd loses a client, and etcd's traffic with its peers is not affected.
	CutSSH()
	// RestoreSSH undoes CutSSH. A node that is off or cut off is reached when it is on and connected again.
	RestoreSSH() error
	// ResetSSH resets the SSH connections there are. New ones are accepted at once.
	ResetSSH()
}

// Login is what those who log in to a node meet.
type Login interface {
	// KillCommands kills with SIGKILL what SSH sessions have started, however far removed, daemons included, and
	// returns when it is gone. Connections stay, and the clients hear that their commands were ended by a signal.
	KillCommands()
	// RotateHostKey gives the SSH endpoint a new host key. The known hosts file of the lab keeps the old one.
	RotateHostKey() error
	// SudoFails makes sudo ask for a password that nobody knows, or ask for none again.
	SudoFails(fails bool) error
	// SudoPassword makes sudo ask for this password, which it reads from standard input if called with -S.
	SudoPassword(password string) error
}

// Kubelet is the kubelet of a node, and the images that it can start containers from.
type Kubelet interface {
	// KubeletStop stops the kubelet and leaves containers running, so that manifests come and go without effect, and a
	// container that ends stays down.
	KubeletStop()
	// KubeletStart undoes KubeletStop.
	KubeletStart()
	// KubeletRestart ends the kubelet and starts another, which knows nothing of crashes and back-off. It adopts the
	// containers whose manifests are there and the same, and stops the others. Nothing happens on a node that is off.
	KubeletRestart()
	// RemoveImage makes etcd's image gone, with no registry to pull it from. A running container is not affected.
	RemoveImage()
	// RestoreImage undoes RemoveImage.
	RestoreImage()
	// PullImage adds the image of another etcd minor ("3.6"), and returns its reference for use in a manifest.
	PullImage(ctx context.Context, minor string) (string, error)
}

// Etcd is a node's etcd member, its data and its certificates.
type Etcd interface {
	// KillEtcd kills etcd with SIGKILL and returns when it is gone. The kubelet starts it again.
	KillEtcd()
	// WipeEtcd empties the data folder and the WAL folder, and keeps the folders. A running etcd is killed first, and
	// is started again by the kubelet afterwards; to find the node wiped and off, power it off first.
	WipeEtcd() error
	// ExpireCerts issues etcd's certificates of this node anew, expired. Etcd picks them up with the next connection.
	ExpireCerts() error
	// RenewCerts issues them anew, valid.
	RenewCerts() error
}

// Disk fills a node's disk.
type Disk interface {
	// FillDisk takes all the space that is left on the node's disk, root's too: what needs more fails with ENOSPC.
	// What has its space already, such as a segment of etcd's log, can still be written to, and names can be made. /run
	// is memory and does not fill. Without Options.DiskSize it is an error.
	FillDisk() error
	// FreeDisk undoes FillDisk.
	FreeDisk() error
}

// Observed is what can be seen of a node, with nothing changed by looking.
type Observed interface {
	// Commands are the commands that were run over SSH, in order.
	Commands() []string
	// Stats counts what went over SSH.
	Stats() Stats
	// EtcdPIDs are the processes of running etcd containers; normally one.
	EtcdPIDs() []int
	// EtcdCommands are their command lines, with spaces between the arguments.
	EtcdCommands() []string
	// ContainerLog is what the last etcd container has written, or "" when there was none.
	ContainerLog() string
	// TreeHash is a hash over names, modes, owners and contents of everything below these paths on the node, to show
	// that nothing was touched. Without paths it covers the manifests, etcd's certificates, the kubelet's
	// configuration, the data and the WAL. Stop etcd first, or leave its data out.
	TreeHash(paths ...string) (string, error)
}

// A DebianNode is a node of the grade Debian: there is a real system to run commands on.
type DebianNode interface {
	Node
	// Run runs a command as root, whatever the node's network does, and returns its output.
	Run(ctx context.Context, args ...string) (string, error)
	// DataOnDisk moves etcd's data to a disk of its own, which /etc/fstab mounts with nofail. Etcd is down meanwhile.
	// Path is not aware of the mount: it leads to the folder beneath.
	DataOnDisk() error
	// PullDisk takes that disk out of a node that is off. Its mount fails with the next start.
	PullDisk() error
	// PlugDisk puts it in again. It is mounted by hand, or with the next start.
	PlugDisk() error
}

// Stats counts what went over a node's SSH endpoint since the lab was started.
type Stats = sshd.Stats
