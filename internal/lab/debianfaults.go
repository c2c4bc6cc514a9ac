//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/disk"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/kubelet"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/machine"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/pki"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
)

// What befalls a Debian node, and what can be seen of it.

func (d *debianNode) PowerOff() {
	if err := d.machine.PowerOff(d.lab.life); err != nil {
		d.lab.note("%v", err)
	}
}

// PowerOn returns when the kubelet runs and sshd answers, unless it is switched off.
func (d *debianNode) PowerOn() error {
	ctx, cancel := context.WithTimeout(d.lab.life, bootPatience)
	defer cancel()
	if err := d.machine.PowerOn(ctx); err != nil {
		return err
	}
	if _, err := os.Stat(d.Path(sshSwitch)); err == nil {
		return d.awaitKubelet(ctx)
	}
	return errors.Join(d.awaitKubelet(ctx), d.awaitSSH(ctx))
}

// awaitKubelet waits until the kubelet says that it is well: it may start before the runtime is up, end, and be started
// again.
func (d *debianNode) awaitKubelet(ctx context.Context) error {
	err := wait.Until(ctx, costly, func() error {
		_, err := d.Run(ctx, "curl", "-sf", "http://127.0.0.1:10248/healthz")
		return err
	})
	if err != nil {
		return fmt.Errorf("waiting for the kubelet: %w", err)
	}
	return nil
}

func (d *debianNode) WipeEtcd() error {
	d.KillEtcd()
	return errors.Join(
		disk.Empty(d.Path(d.lab.options.data())), disk.Empty(d.Path(walDir)), disk.Empty(d.Path(etcdDisk)),
	)
}

func (d *debianNode) CutOff() {
	if err := d.machine.Plug(d.lab.life, false); err != nil {
		d.lab.note("%v", err)
	}
}

func (d *debianNode) Reconnect() error { return d.machine.Plug(d.lab.life, true) }

// sshSwitch is Debian's: while this file is there, systemd does not start sshd, nor at the next boot.
const sshSwitch = "/etc/ssh/sshd_not_to_be_run"

// CutSSH stops the sshd that listens. Those of sessions stay, and lose their connections with ResetSSH. A frozen
// machine has it stopped only when it is thawed.
func (d *debianNode) CutSSH() {
	if err := d.write(sshSwitch, "", 0o644); err != nil {
		d.lab.note("%s: cutting SSH: %v", d.name, err)
	}
	d.do("systemctl", "stop", "ssh")
	d.ResetSSH()
}

func (d *debianNode) RestoreSSH() error {
	if err := os.Remove(d.Path(sshSwitch)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("restoring SSH: %w", err)
	}
	if !d.machine.On() {
		return nil
	}
	ctx, cancel := context.WithTimeout(d.lab.life, bootPatience)
	defer cancel()
	_, err := d.Run(ctx, "systemctl", "start", "ssh") // returns when it listens
	return err
}

// ResetSSH lets the kernel abort the connections: both sides get a reset. It needs CONFIG_INET_DIAG_DESTROY, as
// Debian's and Ubuntu's kernels have it.
func (d *debianNode) ResetSSH() { d.do("ss", "-K", "-t", "sport", "=", ":22") }

// KillCommands kills what is in sshd's control group and not sshd. Without a logind everything that sessions start
// stays in there, across sudo and setsid.
func (d *debianNode) KillCommands() {
	proc.KillAll(func() []int {
		return slices.DeleteFunc(d.machine.Processes("ssh"), func(pid int) bool {
			name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
			return err != nil || strings.HasPrefix(string(name), "sshd") // sshd-session and the like, too
		})
	})
}

func (d *debianNode) Freeze() { d.frozen(true) }
func (d *debianNode) Thaw()   { d.frozen(false) }

func (d *debianNode) frozen(frozen bool) {
	if err := d.machine.Freeze(frozen); err != nil {
		d.lab.note("%v", err)
	}
}

func (d *debianNode) KillEtcd() {
	if d.machine.On() {
		d.do("sh", "-c", "pkill -KILL -x etcd; while pgrep -x etcd >/dev/null; do sleep 0.05; done")
	}
}

func (d *debianNode) KubeletStop() { d.do("systemctl", "stop", "kubelet") }

func (d *debianNode) KubeletStart() {
	d.do("systemctl", "start", "kubelet")
	d.noteKubelet()
}

func (d *debianNode) KubeletRestart() {
	if d.machine.On() {
		d.do("systemctl", "restart", "kubelet")
		d.noteKubelet()
	}
}

// noteKubelet waits for the kubelet, and notes if it does not come.
func (d *debianNode) noteKubelet() {
	ctx, cancel := context.WithTimeout(d.lab.life, bootPatience)
	defer cancel()
	if err := d.awaitKubelet(ctx); err != nil {
		d.lab.note("%v", err)
	}
}

func (d *debianNode) RemoveImage() {
	if d.Docker() {
		d.do("docker", "rmi", "-f", d.lab.parts.etcdImage.Ref)
		return
	}
	d.do("ctr", "-n", "k8s.io", "images", "rm", "--sync", d.lab.parts.etcdImage.Ref)
}

func (d *debianNode) RestoreImage() {
	if err := d.load(d.lab.life, "/opt/images/etcd.tar"); err != nil {
		d.lab.note("%v", err)
	}
}

func (d *debianNode) PullImage(ctx context.Context, minor string) (string, error) {
	i, _, err := etcdImageFor(ctx, minor, d.lab.parts.base)
	if err != nil {
		return "", err
	}
	at := "/opt/images/etcd-" + minor + ".tar"
	if err := i.Archive(d.Path(at)); err != nil {
		return "", err
	}
	return i.Ref, d.load(ctx, at)
}

func (d *debianNode) RotateHostKey() error {
	if err := pki.WriteSSHKey(d.Path(hostKeyFile)); err != nil {
		return err
	}
	d.do("systemctl", "restart", "ssh")
	return nil
}

func (d *debianNode) ExpireCerts() error {
	return d.issueCerts(pki.Expired())
}

func (d *debianNode) RenewCerts() error { return d.issueCerts(pki.Validity()) }

func (d *debianNode) issueCerts(from, until time.Time) error {
	ca, err := pki.ReadAuthority(d.Path(pkiDir))
	if err != nil {
		return err
	}
	ips := []net.IP{net.ParseIP(d.Host()), net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	return ca.WriteLeaves(d.Path(pkiDir), d.name, ips, from, until)
}

func (d *debianNode) SudoFails(fails bool) error {
	if fails {
		return d.write("/etc/sudoers.d/ops", "ops ALL=(ALL) ALL\n", 0o440)
	}
	return d.write("/etc/sudoers.d/ops", "ops ALL=(ALL) NOPASSWD: ALL\n", 0o440)
}

func (d *debianNode) SudoPassword(password string) error {
	cmd := d.machine.Command(d.lab.life, "chpasswd")
	cmd.Stdin = strings.NewReader("ops:" + password + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("setting a password: %w: %s", err, out)
	}
	return d.SudoFails(true)
}

func (d *debianNode) FillDisk() error { return d.disk.Fill() }
func (d *debianNode) FreeDisk() error { return d.disk.Free() }

// Commands are not recorded here: sshd does not tell what a shell is given.
func (d *debianNode) Commands() []string { return nil }

// Stats counts connections and sessions, as sshd logs them, and nothing else.
func (d *debianNode) Stats() Stats {
	log := d.do("journalctl", "--unit=ssh", "--output=cat", "--no-pager")
	return Stats{
		Connections: int64(strings.Count(log, "Accepted publickey")),
		Sessions:    int64(strings.Count(log, "Starting session")),
	}
}

func (d *debianNode) EtcdPIDs() []int {
	var pids []int
	for _, pid := range d.machine.Find("etcd") {
		if inside := machine.Inside(pid); inside != 0 {
			pids = append(pids, inside)
		}
	}
	return pids
}

func (d *debianNode) EtcdCommands() []string {
	var lines []string
	for _, pid := range d.machine.Find("etcd") {
		if args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil && len(args) > 0 {
			lines = append(lines, strings.TrimSpace(strings.ReplaceAll(string(args), "\x00", " ")))
		}
	}
	return lines
}

// ContainerLog reads the newest of the files that the kubelet keeps.
func (d *debianNode) ContainerLog() string {
	if d.Docker() {
		const last = `$(docker ps -aq --filter label=io.kubernetes.container.name=etcd | head -n 1)`
		return d.do("sh", "-c", `docker logs "`+last+`" 2>&1`)
	}
	files, err := filepath.Glob(d.Path("/var/log/pods/kube-system_etcd*/etcd/*.log"))
	if err != nil || len(files) == 0 {
		return ""
	}
	newest, at := "", time.Time{}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.ModTime().After(at) {
			newest, at = f, info.ModTime()
		}
	}
	text, err := kubelet.ReadLog(newest)
	if err != nil {
		d.lab.note("%s: %v", d.name, err)
	}
	return text
}

func (d *debianNode) TreeHash(paths ...string) (string, error) {
	if len(paths) == 0 {
		paths = []string{kubelet.ManifestDir, pkiDir, kubelet.ConfigFile, d.lab.options.data(), walDir}
	}
	return disk.Hash(d.machine.Root(), paths)
}
