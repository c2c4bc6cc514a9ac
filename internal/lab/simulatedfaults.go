//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/build"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/disk"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/kubelet"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/pki"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
)

// What befalls a simulated node, and what can be seen of it.

func (n *simulatedNode) PowerOn() error {
	return n.powerOn(n.lab.life)
}

func (n *simulatedNode) powerOn(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.on {
		return nil
	}
	n.frozen.Set(false)
	owner := func(c net.Conn) *simulatedNode { return socketOwner(n.lab.all, c) }
	var err error
	if n.proxy, err = startPeerProxy(ctx, n, owner); err != nil {
		return err
	}
	if err := n.kubelet.PowerOn(); err != nil {
		return errors.Join(err, n.proxy.close())
	}
	if err := n.openSSH(); err != nil {
		return errors.Join(err, n.kubelet.PowerOff(), n.proxy.close())
	}
	n.on = true
	return nil
}

func (n *simulatedNode) PowerOff() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.on {
		return
	}
	n.on = false
	n.ssh.Shut()
	proc.KillSessions(n.root)
	if err := errors.Join(n.kubelet.PowerOff(), n.proxy.close()); err != nil {
		n.lab.note("%s: powering off: %v", n.name, err)
	}
	proc.KillSessions(n.root) // what a session started while it was being killed
}

// close waits for what goes on after a power-off.
func (n *simulatedNode) close() error {
	n.PowerOff()
	n.kubelet.Wait()
	n.ssh.Wait()
	return n.disk.Close()
}

func (n *simulatedNode) KubeletStop()  { n.kubelet.Stop() }
func (n *simulatedNode) KubeletStart() { n.kubelet.Start() }

func (n *simulatedNode) KubeletRestart() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.on {
		n.kubelet.Restart()
	}
}

func (n *simulatedNode) KillEtcd() { n.kubelet.KillEtcd() }

func (n *simulatedNode) WipeEtcd() error {
	return n.kubelet.WithoutStarts(func() error { // the kubelet must not start it again half-way
		n.KillEtcd()
		return errors.Join(disk.Empty(n.Path(dataDir)), disk.Empty(n.Path(walDir)))
	})
}

func (n *simulatedNode) CutOff() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.off = true
	n.lab.partition.set(n, true)
	n.ssh.Shut()
}

func (n *simulatedNode) Reconnect() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.off = false
	n.lab.partition.set(n, false)
	if !n.on {
		return nil
	}
	return n.openSSH()
}

// openSSH opens the endpoint unless something keeps it shut. n.mu is held.
func (n *simulatedNode) openSSH() error {
	if n.off || n.sshCut {
		return nil
	}
	return n.ssh.Open()
}

func (n *simulatedNode) CutSSH() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sshCut = true
	n.ssh.Shut()
}

func (n *simulatedNode) RestoreSSH() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sshCut = false
	if !n.on {
		return nil
	}
	return n.openSSH()
}

func (n *simulatedNode) ResetSSH()     { n.ssh.Reset() }
func (n *simulatedNode) KillCommands() { proc.KillSessions(n.root) }

func (n *simulatedNode) Freeze() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.on {
		n.frozen.Set(true)
		n.signal(syscall.SIGSTOP)
	}
}

func (n *simulatedNode) Thaw() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.signal(syscall.SIGCONT)
	n.frozen.Set(false)
}

// signal goes to every process of the node.
func (n *simulatedNode) signal(sig syscall.Signal) {
	n.kubelet.Signal(sig)
	for _, pid := range proc.OfSessions(n.root) {
		_ = syscall.Kill(pid, sig) // ESRCH: it has ended by itself
	}
}

func (n *simulatedNode) RemoveImage()  { n.kubelet.RemoveImages() }
func (n *simulatedNode) RestoreImage() { n.kubelet.RestoreImages() }

func (n *simulatedNode) PullImage(ctx context.Context, minor string) (string, error) {
	server, err := build.EtcdServer(ctx, minor)
	if err != nil {
		return "", err
	}
	ref := build.EtcdRef(server.Version)
	n.kubelet.AddImage(ref, server.Path)
	return ref, nil
}

func (n *simulatedNode) RotateHostKey() error {
	return pki.WriteSSHKey(n.Path(hostKeyFile))
}

func (n *simulatedNode) ExpireCerts() error {
	return n.issueCerts(pki.Expired())
}

func (n *simulatedNode) RenewCerts() error {
	return n.issueCerts(pki.Validity())
}

func (n *simulatedNode) issueCerts(from, until time.Time) error {
	ips := []net.IP{net.ParseIP(n.host), net.ParseIP(n.peerHost), net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	return n.lab.ca.WriteLeaves(n.Path(pkiDir), n.name, ips, from, until)
}

func (n *simulatedNode) SudoFails(fails bool) error {
	if fails {
		return n.SudoPassword("")
	}
	if err := os.Remove(n.Path(sudoFile)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("changing sudo: %w", err)
	}
	return nil
}

func (n *simulatedNode) SudoPassword(password string) error {
	if err := os.WriteFile(n.Path(sudoFile), []byte(password+"\n"), 0o600); err != nil {
		return fmt.Errorf("changing sudo: %w", err)
	}
	return nil
}

func (n *simulatedNode) FillDisk() error { return n.disk.Fill() }
func (n *simulatedNode) FreeDisk() error { return n.disk.Free() }

func (n *simulatedNode) Commands() []string { return n.ssh.Commands() }

func (n *simulatedNode) Stats() Stats           { return n.ssh.Stats() }
func (n *simulatedNode) EtcdPIDs() []int        { return n.kubelet.EtcdPIDs() }
func (n *simulatedNode) EtcdCommands() []string { return n.kubelet.EtcdCommands() }

func (n *simulatedNode) ContainerLog() string {
	text, err := n.kubelet.EtcdLog()
	if err != nil {
		n.lab.note("%s: %v", n.name, err)
	}
	return text
}

func (n *simulatedNode) TreeHash(paths ...string) (string, error) {
	if len(paths) == 0 {
		paths = []string{kubelet.ManifestDir, pkiDir, kubelet.ConfigFile, dataDir, walDir}
	}
	return disk.Hash(n.root, paths)
}
