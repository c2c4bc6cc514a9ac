//go:build linux

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/build"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/disk"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/kubelet"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/pki"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/sshd"
)

// A simulatedNode is a node of the grade Simulated.
type simulatedNode struct {
	lab      *simulatedNodes
	name     string
	root     string
	disk     disk.Sized
	host     string
	peerHost string

	frozen  *proc.FreezeGate
	kubelet *kubelet.Kubelet
	ssh     *sshd.Server

	mu     sync.Mutex // one thing at a time befalls a node
	on     bool
	off    bool // cut off
	sshCut bool
	proxy  *peerProxy
}

var _ Node = (*simulatedNode)(nil)

func newSimulatedNode(l *simulatedNodes, i int) *simulatedNode {
	n := &simulatedNode{
		lab:      l,
		name:     fmt.Sprintf("m%d", i),
		host:     l.addresses.host(i),
		peerHost: l.addresses.peerHost(i),
		frozen:   proc.NewFreezeGate(),
	}
	n.root = filepath.Join(l.dir, n.name)
	n.disk = disk.Sized{Dir: n.root, Size: l.options.DiskSize}
	note := func(format string, args ...any) { l.note(n.name+": "+format, args...) }
	n.kubelet = kubelet.New(kubelet.Config{
		Node:   n.name,
		Root:   n.root,
		Timing: l.options.Kubelet,
		Pause:  build.PauseRef,
		Images: map[string]string{build.EtcdRef(l.server.Version): l.server.Path},
		Spawn:  l.spawn,
		Frozen: n.frozen,
		Note:   note,
	})
	n.ssh = sshd.New(l.life, sshd.Config{
		Host:       n.host,
		Port:       sshPort,
		Users:      []string{sshUser, "ops"},
		Authorized: l.userKey,
		HostKey:    n.signer,
		Command:    n.command,
		Spawn:      l.spawn,
		Frozen:     n.frozen,
		Dial:       n.dialFrom,
		Note:       note,
	})
	return n
}

func (n *simulatedNode) Name() string         { return n.name }
func (n *simulatedNode) Host() string         { return n.host }
func (n *simulatedNode) Port() int            { return sshPort }
func (n *simulatedNode) ClientURL() string    { return fmt.Sprintf("https://%s:%d", n.host, clientPort) }
func (n *simulatedNode) PeerURL() string      { return fmt.Sprintf("https://%s:%d", n.host, peerPort) }
func (n *simulatedNode) Path(p string) string { return filepath.Join(n.root, p) }

// Inside is the same place: a simulated node has no root folder of its own.
func (n *simulatedNode) Inside(p string) string { return n.Path(p) }

func (n *simulatedNode) HostKey() string {
	line, err := os.ReadFile(n.Path(hostKeyFile + ".pub"))
	if err != nil {
		n.lab.note("%s: %v", n.name, err)
	}
	return strings.TrimSpace(string(line))
}

func (n *simulatedNode) signer() (ssh.Signer, error) {
	text, err := os.ReadFile(n.Path(hostKeyFile))
	if err != nil {
		return nil, fmt.Errorf("reading the host key: %w", err)
	}
	return ssh.ParsePrivateKey(text)
}

// command is what a session runs: a login without a profile, since the files in /etc are the machine's and not the
// node's.
func (n *simulatedNode) command(line string) *exec.Cmd {
	cmd := &exec.Cmd{Path: "/bin/sh", Args: []string{"sh", "-c", line}, Dir: n.Path("/root")}
	if line == "" {
		cmd.Args = []string{"sh"}
	}
	cmd.Env = []string{
		"HOME=" + cmd.Dir,
		"PATH=" + n.Path("/usr/local/bin") + ":" + os.Getenv("PATH"),
		"SHELL=/bin/sh",
		"TMPDIR=" + n.Path("/tmp"),
		"USER=" + sshUser,
		proc.SessionMark(n.root),
	}
	return cmd
}

// manifest is what the node's etcd.yaml is to say.
func (n *simulatedNode) manifest(initialCluster string) ([]byte, error) {
	p := etcdPod{
		Name: n.name, Minor: n.lab.options.Etcd, Image: build.EtcdRef(n.lab.server.Version), Host: n.host,
		PKI: n.Path(pkiDir), Data: n.Path(dataDir),
		ListenPeer:     fmt.Sprintf("https://%s:%d", n.peerHost, peerPort),
		AdvertisePeer:  n.PeerURL(),
		ListenClient:   n.ClientURL(),
		ListenMetrics:  fmt.Sprintf("http://%s:%d", n.host, metricsPort),
		InitialCluster: initialCluster,
		ExtraFlags:     n.lab.options.ExtraFlags,
	}
	if n.lab.options.WALDir {
		p.WAL = n.Path(walDir)
	}
	text, err := p.text()
	if err != nil {
		return nil, fmt.Errorf("writing the manifest of %s: %w", n.name, err)
	}
	if n.lab.options.Manifest != nil {
		text = n.lab.options.Manifest(n.name, text)
	}
	return text, nil
}

// writeManifest replaces the manifest in one step.
func (n *simulatedNode) writeManifest(initialCluster string) error {
	text, err := n.manifest(initialCluster)
	if err != nil {
		return err
	}
	tmp := n.Path(kubelet.ManifestDir + "/.etcd.yaml.new")
	if err := os.WriteFile(tmp, text, 0o600); err != nil {
		return fmt.Errorf("writing the manifest of %s: %w", n.name, err)
	}
	if err := os.Rename(tmp, n.Path(etcdManifest)); err != nil {
		return fmt.Errorf("writing the manifest of %s: %w", n.name, err)
	}
	return nil
}

// prepare makes the node's disk.
func (n *simulatedNode) prepare(ca *pki.Authority) error {
	if err := n.mountDisk(); err != nil {
		return err
	}
	if err := layOut(n.root, n.name); err != nil {
		return err
	}
	if n.lab.options.WALDir {
		if err := os.Mkdir(n.Path(walDir), 0o700); err != nil {
			return fmt.Errorf("making the WAL folder: %w", err)
		}
	}
	if err := ca.WriteCA(n.Path(pkiDir)); err != nil {
		return err
	}
	return n.RenewCerts()
}

// mountDisk makes the disk one of limited size, if that is wanted, and then /run memory of its own: what the container
// runtime and the kubelet know of themselves must not end with the space, nor does it on a real node.
func (n *simulatedNode) mountDisk() error {
	if err := n.disk.Mount(); err != nil || !n.disk.Mounted() {
		return err
	}
	if err := os.Mkdir(n.Path("/run"), 0o755); err != nil {
		return fmt.Errorf("making a node's folder: %w", err)
	}
	if err := disk.MountMemory(n.Path("/run"), "mode=755"); err != nil {
		return fmt.Errorf("making a node's /run: %w", err)
	}
	return nil
}
