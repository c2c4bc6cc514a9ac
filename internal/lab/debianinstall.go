//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/kubelet"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/pki"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
)

// install writes the disk and starts the machine, with everything but etcd.
func (d *debianNode) install(ctx context.Context) error {
	if err := d.files(); err != nil {
		return err
	}
	authorized, err := os.ReadFile(d.lab.SSHKeyFile() + ".pub")
	if err != nil {
		return fmt.Errorf("reading the user's key: %w", err)
	}
	if err := d.write("/root/.ssh/authorized_keys", string(authorized), 0o600); err != nil {
		return err
	}
	if err := d.addUser("ops", string(authorized)); err != nil {
		return err
	}
	if err := pki.WriteSSHKey(d.Path(hostKeyFile)); err != nil {
		return err
	}
	for _, dir := range []string{kubelet.ManifestDir, "/var/lib/kubelet", "/run/sshd"} {
		if err := os.MkdirAll(d.Path(dir), 0o755); err != nil {
			return fmt.Errorf("making a node's folder: %w", err)
		}
	}
	if err := os.MkdirAll(d.Path(d.lab.options.data()), 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	if d.lab.options.DataMount {
		if err := os.MkdirAll(d.Path(d.lab.options.data()+"/lost+found"), 0o700); err != nil {
			return fmt.Errorf("making the data folder: %w", err)
		}
	}
	if err := d.enable("ssh", "containerd"); err != nil {
		return err
	}
	if d.Docker() {
		if err := d.enable("docker"); err != nil {
			return err
		}
	}
	if err := d.machine.PowerOn(ctx); err != nil {
		return err
	}
	return d.load(ctx, "/opt/images/pause.tar", "/opt/images/etcd.tar")
}

// load imports images, as soon as the runtime is up.
func (d *debianNode) load(ctx context.Context, archives ...string) error {
	ctx, cancel := context.WithTimeout(ctx, bootPatience)
	defer cancel()
	for _, a := range archives {
		args := []string{"ctr", "-n", "k8s.io", "images", "import", a}
		if d.Docker() {
			args = []string{"docker", "load", "-i", a}
		}
		if err := wait.Until(ctx, costly, func() error {
			_, err := d.Run(ctx, args...)
			return err
		}); err != nil {
			said, _ := d.Run(context.WithoutCancel(ctx),
				"journalctl", "-u", d.Service(), "-n", "10", "-o", "cat", "--no-pager")
			return fmt.Errorf("importing an image: %w\n%s", err, said)
		}
	}
	return nil
}

// letIn starts the kubelet, which finds the manifest, and waits for sshd.
func (d *debianNode) letIn() error {
	ctx, cancel := context.WithTimeout(d.lab.life, bootPatience)
	defer cancel()
	if err := d.enable("kubelet"); err != nil {
		return err
	}
	if _, err := d.Run(ctx, "systemctl", "daemon-reload"); err != nil {
		return err
	}
	if _, err := d.Run(ctx, "systemctl", "start", "kubelet"); err != nil {
		return err
	}
	return errors.Join(d.awaitKubelet(ctx), d.awaitSSH(ctx))
}

func (d *debianNode) awaitSSH(ctx context.Context) error {
	var dialer net.Dialer
	return wait.Until(ctx, pause, func() error {
		c, err := dialer.DialContext(ctx, "tcp", SSHAddress(d))
		if err != nil {
			return fmt.Errorf("reaching the sshd of %s: %w", d.name, err)
		}
		return c.Close()
	})
}
