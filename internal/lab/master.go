//go:build linux

package lab

import "context"

// A Master is one of the machines to practise on, and what can befall it.
type Master interface {
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
	// Path turns a path on the master, "/etc/kubernetes/manifests/etcd.yaml", into the place on this machine.
	Path(p string) string
	// Inside turns it into what the master itself calls the place. Settings of the provider want this one.
	Inside(p string) string

	// PowerOff kills every process of the master at once; SSH and peers are refused from then on.
	PowerOff()
	// PowerOn starts the SSH endpoint and the kubelet with what is on disk.
	PowerOn() error
	// WipeEtcd empties the data folder and the WAL folder, and keeps the folders. A running etcd is killed first, and
	// is started again by the kubelet afterwards; to find the master wiped and off, power it off first.
	WipeEtcd() error
	// CutOff takes the master off the network: traffic of its peers to it and from it ends, SSH connections are reset
	// and new ones refused. Its processes run on. Clients that the lab itself makes still reach its etcd, as if run on
	// the master.
	CutOff()
	// Reconnect undoes CutOff. SSH stays as CutSSH left it.
	Reconnect() error
	// CutSSH resets the SSH connections and refuses new ones until RestoreSSH, over power cycles and Reconnect too.
	// What sessions started runs on, as when sshd loses a client, and etcd's traffic with its peers is not affected.
	CutSSH()
	// RestoreSSH undoes CutSSH. A master that is off or cut off is reached when it is on and connected again.
	RestoreSSH() error
	// ResetSSH resets the SSH connections there are. New ones are accepted at once.
	ResetSSH()
	// KillCommands kills with SIGKILL what SSH sessions have started, however far removed, daemons included, and
	// returns when it is gone. Connections stay, and the clients hear that their commands were ended by a signal.
	KillCommands()
	// Freeze stops every process of the master without ending it. Connections stay open and nothing answers; new ones
	// hang.
	Freeze()
	// Thaw undoes Freeze.
	Thaw()
	// KillEtcd kills etcd with SIGKILL and returns when it is gone. The kubelet starts it again.
	KillEtcd()
	// KubeletStop stops the kubelet and leaves containers running, so that manifests come and go without effect, and a
	// container that ends stays down.
	KubeletStop()
	// KubeletStart undoes KubeletStop.
	KubeletStart()
	// KubeletRestart ends the kubelet and starts another, which knows nothing of crashes and back-off. It adopts the
	// containers whose manifests are there and the same, and stops the others. Nothing happens on a master that is off.
	KubeletRestart()
	// RemoveImage makes etcd's image gone, with no registry to pull it from. A running container is not affected.
	RemoveImage()
	// RestoreImage undoes RemoveImage.
	RestoreImage()
	// PullImage adds the image of another etcd minor ("3.6"), and returns its reference for use in a manifest.
	PullImage(ctx context.Context, minor string) (string, error)
	// RotateHostKey gives the SSH endpoint a new host key. The known hosts file of the lab keeps the old one.
	RotateHostKey() error
	// ExpireCerts issues etcd's certificates of this master anew, expired. etcd picks them up with the next connection.
	ExpireCerts() error
	// RenewCerts issues them anew, valid.
	RenewCerts() error
	// SudoFails makes sudo ask for a password that nobody knows, or ask for none again.
	SudoFails(fails bool) error
	// SudoPassword makes sudo ask for this password, which it reads from standard input if called with -S.
	SudoPassword(password string) error
	// FillDisk takes all the space that is left on the master's disk, root's too: what needs more fails with ENOSPC.
	// What has its space already, such as a segment of etcd's log, can still be written to, and names can be made. /run
	// is memory and does not fill. Without Options.DiskSize it is an error.
	FillDisk() error
	// FreeDisk undoes FillDisk.
	FreeDisk() error

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
	// TreeHash is a hash over names, modes, owners and contents of everything below these paths on the master, to show
	// that nothing was touched. Without paths it covers the manifests, etcd's certificates, the kubelet's
	// configuration, the data and the WAL. Stop etcd first, or leave its data out.
	TreeHash(paths ...string) (string, error)
}

// A Machine is a Master of the grade Machines: there is a real system to run commands on.
type Machine interface {
	Master
	// Run runs a command as root, whatever the master's network does, and returns its output.
	Run(ctx context.Context, args ...string) (string, error)
}

// Stats counts what went over a master's SSH endpoint since the lab was started.
type Stats struct {
	Connections int64 // TCP connections accepted
	Sessions    int64 // commands and shells
	Tunnels     int64 // forwarded connections
	BytesIn     int64 // to the master, as encrypted
	BytesOut    int64
}
