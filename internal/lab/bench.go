//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// bench is a Master of the grade of that name.
type bench struct {
	lab      *benches
	name     string
	root     string
	disk     sizedDisk
	host     string
	peerHost string

	frozen  *gate
	stopped *gate // the kubelet
	runtime *containerRuntime
	runner  *podRunner
	ssh     *sshServer

	mu       sync.Mutex // one thing at a time befalls a master
	on       bool
	off      bool // cut off
	sshCut   bool
	proxy    *peerProxy
	requests *requests
}

var _ Master = (*bench)(nil)

func newBench(l *benches, i int) *bench {
	b := &bench{
		lab:      l,
		name:     fmt.Sprintf("m%d", i),
		host:     l.addresses.host(i),
		peerHost: l.addresses.peerHost(i),
		frozen:   newGate(),
		stopped:  newGate(),
	}
	b.root = filepath.Join(l.dir, b.name)
	b.disk = sizedDisk{dir: b.root, size: l.options.DiskSize}
	note := func(format string, args ...any) { l.note(b.name+": "+format, args...) }
	images := newImageStore()
	images.add(etcdImage(l.server.Version), l.server.Path)
	b.runtime = &containerRuntime{root: b.root, spawn: l.spawn, images: images, note: note, attempts: map[string]int{}}
	b.runner = &podRunner{
		node: b.name, manifests: b.Path(manifestDir), timing: l.options.Kubelet.withDefaults(),
		runtime: b.runtime, frozen: b.frozen, stopped: b.stopped, note: note,
	}
	b.ssh = &sshServer{
		host: b.host, authorized: l.userKey, users: []string{sshUser, "ops"}, frozen: b.frozen,
		life: l.life, signer: b.signer, command: b.command, spawn: l.spawn, dial: b.dialFrom, note: note,
	}
	return b
}

// etcdImage is the reference under which Kubernetes publishes an etcd release.
func etcdImage(version string) string {
	return "registry.k8s.io/etcd:" + version + "-0"
}

func (b *bench) Name() string         { return b.name }
func (b *bench) Host() string         { return b.host }
func (b *bench) Port() int            { return sshPort }
func (b *bench) ClientURL() string    { return fmt.Sprintf("https://%s:%d", b.host, clientPort) }
func (b *bench) PeerURL() string      { return fmt.Sprintf("https://%s:%d", b.host, peerPort) }
func (b *bench) Path(p string) string { return filepath.Join(b.root, p) }

// Inside is the same place: a bench master has no root folder of its own.
func (b *bench) Inside(p string) string { return b.Path(p) }

func (b *bench) HostKey() string {
	line, err := os.ReadFile(b.Path(hostKeyFile + ".pub"))
	if err != nil {
		b.lab.note("%s: %v", b.name, err)
	}
	return strings.TrimSpace(string(line))
}

func (b *bench) signer() (ssh.Signer, error) {
	text, err := os.ReadFile(b.Path(hostKeyFile))
	if err != nil {
		return nil, fmt.Errorf("reading the host key: %w", err)
	}
	return ssh.ParsePrivateKey(text)
}

// command is what a session runs: a login without a profile, since the files in /etc are the machine's and not the
// master's.
func (b *bench) command(line string) *exec.Cmd {
	cmd := &exec.Cmd{Path: "/bin/sh", Args: []string{"sh", "-c", line}, Dir: b.Path("/root")}
	if line == "" {
		cmd.Args = []string{"sh"}
	}
	cmd.Env = []string{
		"HOME=" + cmd.Dir,
		"PATH=" + b.Path("/usr/local/bin") + ":" + os.Getenv("PATH"),
		"SHELL=/bin/sh",
		"TMPDIR=" + b.Path("/tmp"),
		"USER=" + sshUser,
		masterVariable + "=" + b.root,
	}
	return cmd
}

// manifest is what the master's etcd.yaml is to say.
func (b *bench) manifest(initialCluster string) ([]byte, error) {
	p := etcdPod{
		Name: b.name, Minor: b.lab.options.Etcd, Image: etcdImage(b.lab.server.Version), Host: b.host,
		PKI: b.Path(pkiDir), Data: b.Path(dataDir),
		ListenPeer:     fmt.Sprintf("https://%s:%d", b.peerHost, peerPort),
		AdvertisePeer:  b.PeerURL(),
		ListenClient:   b.ClientURL(),
		ListenMetrics:  fmt.Sprintf("http://%s:%d", b.host, metricsPort),
		InitialCluster: initialCluster,
		ExtraFlags:     b.lab.options.ExtraFlags,
	}
	if b.lab.options.WALDir {
		p.WAL = b.Path(walDir)
	}
	text, err := p.text()
	if err != nil {
		return nil, fmt.Errorf("writing the manifest of %s: %w", b.name, err)
	}
	if b.lab.options.Manifest != nil {
		text = b.lab.options.Manifest(b.name, text)
	}
	return text, nil
}

// writeManifest replaces the manifest in one step.
func (b *bench) writeManifest(initialCluster string) error {
	text, err := b.manifest(initialCluster)
	if err != nil {
		return err
	}
	tmp := b.Path(manifestDir + "/.etcd.yaml.new")
	if err := os.WriteFile(tmp, text, 0o600); err != nil {
		return fmt.Errorf("writing the manifest of %s: %w", b.name, err)
	}
	if err := os.Rename(tmp, b.Path(etcdManifest)); err != nil {
		return fmt.Errorf("writing the manifest of %s: %w", b.name, err)
	}
	return nil
}

// prepare makes the master's disk.
func (b *bench) prepare(ca *authority) error {
	if err := b.mountDisk(); err != nil {
		return err
	}
	if err := layOut(b.root, b.name); err != nil {
		return err
	}
	if b.lab.options.WALDir {
		if err := os.Mkdir(b.Path(walDir), 0o700); err != nil {
			return fmt.Errorf("making the WAL folder: %w", err)
		}
	}
	if err := ca.writeCA(b.Path(pkiDir)); err != nil {
		return err
	}
	return b.RenewCerts()
}

// mountDisk makes the disk one of limited size, if that is wanted, and then /run memory of its own: what the container
// runtime and the kubelet know of themselves must not end with the space, nor does it on a real master.
func (b *bench) mountDisk() error {
	if err := b.disk.mount(); err != nil || !b.disk.mounted {
		return err
	}
	if err := os.Mkdir(b.Path("/run"), 0o755); err != nil {
		return fmt.Errorf("making a master's folder: %w", err)
	}
	if err := mountMemory(b.Path("/run"), "mode=755"); err != nil {
		return fmt.Errorf("making a master's /run: %w", err)
	}
	return nil
}

func (b *bench) PowerOn() error {
	return b.powerOn(b.lab.life)
}

func (b *bench) powerOn(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.on {
		return nil
	}
	b.frozen.set(false)
	b.setKubelet(true)
	var err error
	b.requests, err = newRequests(b.runtime.criDir(), b.frozen, b.handle)
	if err != nil {
		return err
	}
	owner := func(c net.Conn) *bench { return socketOwner(b.lab.all, c) }
	b.proxy, err = startPeerProxy(ctx, b, owner)
	if err != nil {
		return errors.Join(err, b.requests.close())
	}
	if err := b.openSSH(); err != nil {
		return errors.Join(err, b.proxy.close(), b.requests.close())
	}
	b.runtime.republish()
	b.runner.start()
	b.on = true
	return nil
}

func (b *bench) PowerOff() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.on {
		return
	}
	b.on = false
	b.ssh.shut()
	killSessionProcesses(b.root)
	b.runner.halt()
	for _, err := range []error{b.proxy.close(), b.requests.close()} {
		if err != nil {
			b.lab.note("%s: powering off: %v", b.name, err)
		}
	}
	killSessionProcesses(b.root) // what a session started while it was being killed
}

// close waits for what goes on after a power-off.
func (b *bench) close() error {
	b.PowerOff()
	b.runtime.watchers.Wait()
	b.ssh.serving.Wait()
	return b.disk.close()
}

// handle carries out the requests of the scripts.
func (b *bench) handle(verb string, args []string) error {
	if verb == "kubelet" && len(args) == 1 {
		b.setKubelet(args[0] == "start")
		return nil
	}
	return b.runtime.handleCRI(verb, args)
}

func (b *bench) setKubelet(active bool) {
	state := "inactive\n"
	if active {
		state = "active\n"
	}
	if err := os.WriteFile(b.Path(kubeletState), []byte(state), 0o644); err != nil {
		b.lab.note("%s: %v", b.name, err)
	}
	b.stopped.set(!active)
}

func (b *bench) KubeletStop()  { b.setKubelet(false) }
func (b *bench) KubeletStart() { b.setKubelet(true) }

func (b *bench) KubeletRestart() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.on {
		b.setKubelet(true)
		b.runner.restart()
	}
}

func (b *bench) KillEtcd() {
	for _, c := range b.runtime.etcd() {
		if c.running() {
			c.kill()
		}
	}
}

func (b *bench) WipeEtcd() error {
	b.runtime.starting.Lock() // the kubelet must not start it again half-way
	defer b.runtime.starting.Unlock()
	b.KillEtcd()
	return errors.Join(empty(b.Path(dataDir)), empty(b.Path(walDir)))
}

func (b *bench) CutOff() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.off = true
	b.lab.partition.set(b, true)
	b.ssh.shut()
}

func (b *bench) Reconnect() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.off = false
	b.lab.partition.set(b, false)
	if !b.on {
		return nil
	}
	return b.openSSH()
}

// openSSH opens the endpoint unless something keeps it shut. b.mu is held.
func (b *bench) openSSH() error {
	if b.off || b.sshCut {
		return nil
	}
	return b.ssh.open()
}

func (b *bench) CutSSH() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sshCut = true
	b.ssh.shut()
}

func (b *bench) RestoreSSH() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sshCut = false
	if !b.on {
		return nil
	}
	return b.openSSH()
}

func (b *bench) ResetSSH()     { b.ssh.reset() }
func (b *bench) KillCommands() { killSessionProcesses(b.root) }

func (b *bench) Freeze() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.on {
		b.frozen.set(true)
		b.signal(syscall.SIGSTOP)
	}
}

func (b *bench) Thaw() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.signal(syscall.SIGCONT)
	b.frozen.set(false)
}

// signal goes to every process of the master.
func (b *bench) signal(sig syscall.Signal) {
	b.runtime.signalAll(sig)
	for _, pid := range sessionProcesses(b.root) {
		_ = syscall.Kill(pid, sig) // ESRCH: it has ended by itself
	}
}

func (b *bench) RemoveImage() {
	b.runtime.images.removeAll()
	b.runtime.republish()
}

func (b *bench) RestoreImage() {
	b.runtime.images.restore()
	b.runtime.republish()
}

func (b *bench) PullImage(ctx context.Context, minor string) (string, error) {
	server, err := EtcdServer(ctx, minor)
	if err != nil {
		return "", err
	}
	ref := etcdImage(server.Version)
	b.runtime.images.add(ref, server.Path)
	b.runtime.republish()
	return ref, nil
}

func (b *bench) RotateHostKey() error {
	return writeSSHKey(b.Path(hostKeyFile))
}

func (b *bench) ExpireCerts() error {
	now := time.Now()
	return b.issueCerts(now.AddDate(-1, 0, -1), now.AddDate(0, 0, -1))
}

func (b *bench) RenewCerts() error {
	return b.issueCerts(validity())
}

func (b *bench) issueCerts(from, until time.Time) error {
	ips := []net.IP{net.ParseIP(b.host), net.ParseIP(b.peerHost), net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	return b.lab.ca.writeLeaves(b.Path(pkiDir), b.name, ips, from, until)
}

func (b *bench) SudoFails(fails bool) error {
	if fails {
		return b.SudoPassword("")
	}
	if err := os.Remove(b.Path(sudoFile)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("changing sudo: %w", err)
	}
	return nil
}

func (b *bench) SudoPassword(password string) error {
	if err := os.WriteFile(b.Path(sudoFile), []byte(password+"\n"), 0o600); err != nil {
		return fmt.Errorf("changing sudo: %w", err)
	}
	return nil
}

func (b *bench) FillDisk() error { return b.disk.fill() }
func (b *bench) FreeDisk() error { return b.disk.free() }

func (b *bench) Commands() []string { return b.ssh.recorded() }

func (b *bench) Stats() Stats {
	c := &b.ssh.counters
	return Stats{
		Connections: c.connections.Load(), Sessions: c.sessions.Load(), Tunnels: c.tunnels.Load(),
		BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(),
	}
}

func (b *bench) EtcdPIDs() []int {
	var pids []int
	for _, c := range b.runtime.etcd() {
		if pid := c.pid(); pid != 0 {
			pids = append(pids, pid)
		}
	}
	return pids
}

func (b *bench) EtcdCommands() []string {
	var lines []string
	for _, pid := range b.EtcdPIDs() {
		if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil { // else it has ended
			lines = append(lines, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return lines
}

func (b *bench) ContainerLog() string {
	all := b.runtime.etcd()
	if len(all) == 0 {
		return ""
	}
	text, err := plainLog(all[len(all)-1].logPath)
	if err != nil {
		b.lab.note("%s: %v", b.name, err)
	}
	return text
}

func (b *bench) TreeHash(paths ...string) (string, error) {
	if len(paths) == 0 {
		paths = []string{manifestDir, pkiDir, kubeletFile, dataDir, walDir}
	}
	return treeHash(b.root, paths)
}
