//go:build linux

package lab

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// Paths on a master, as kubeadm lays them out.
const (
	manifestDir  = "/etc/kubernetes/manifests"
	etcdManifest = manifestDir + "/etcd.yaml"
	pkiDir       = "/etc/kubernetes/pki/etcd"
	kubeletFile  = "/var/lib/kubelet/config.yaml"
	dataDir      = "/var/lib/etcd"
	walDir       = "/var/lib/etcd-wal"
	hostKeyFile  = "/etc/ssh/ssh_host_ed25519_key"
	sudoFile     = "/run/sudo"
	kubeletState = "/run/kubelet"
)

//go:embed scripts
var scripts embed.FS

// layOut makes the folders and the files of a master that do not depend on the cluster.
func layOut(root, name string) error {
	for dir, mode := range map[string]os.FileMode{
		manifestDir: 0o700, pkiDir: 0o755, dataDir: 0o700, "/var/lib/kubelet": 0o755, "/var/log/containers": 0o755, "/var/log/pods": 0o755,
		"/etc/ssh": 0o755, "/usr/local/bin": 0o755, "/root": 0o700, "/tmp": 0o700, "/run/cri/inspect": 0o755,
	} {
		path := filepath.Join(root, dir)
		if err := os.MkdirAll(path, 0o755); err != nil {
			return fmt.Errorf("making a master's folder: %w", err)
		}
		if err := os.Chmod(path, mode); err != nil {
			return fmt.Errorf("making a master's folder: %w", err)
		}
	}
	config := fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
  webhook:
    enabled: true
authorization:
  mode: Webhook
cgroupDriver: systemd
containerRuntimeEndpoint: unix://%[1]s/run/containerd/containerd.sock
fileCheckFrequency: 0s
kind: KubeletConfiguration
staticPodPath: %[1]s%[2]s
`, root, manifestDir)
	if err := os.WriteFile(filepath.Join(root, kubeletFile), []byte(config), 0o644); err != nil {
		return fmt.Errorf("writing the kubelet's configuration: %w", err)
	}
	for _, script := range []string{"crictl", "hostname", "sudo", "systemctl"} {
		text, err := scripts.ReadFile("scripts/" + script + ".sh")
		if err != nil {
			return fmt.Errorf("the script %s: %w", script, err)
		}
		text = []byte(strings.NewReplacer("@ROOT@", root, "@NAME@", name).Replace(string(text)))
		if err := os.WriteFile(filepath.Join(root, "usr/local/bin", script), text, 0o755); err != nil {
			return fmt.Errorf("writing the script %s: %w", script, err)
		}
	}
	return writeSSHKey(filepath.Join(root, hostKeyFile))
}

// writeSSHKey makes a key pair: path, mode 0600, and path.pub.
func writeSSHKey(path string) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("generating an SSH key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return fmt.Errorf("encoding an SSH key: %w", err)
	}
	sshPublic, err := ssh.NewPublicKey(public)
	if err != nil {
		return fmt.Errorf("encoding an SSH key: %w", err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		return fmt.Errorf("writing an SSH key: %w", err)
	}
	if err := os.WriteFile(path+".pub", ssh.MarshalAuthorizedKey(sshPublic), 0o644); err != nil {
		return fmt.Errorf("writing an SSH key: %w", err)
	}
	return nil
}

// empty removes what is in a folder and keeps the folder, which may be a mount point on a real master, and a new file
// system's lost+found.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("emptying a folder: %w", err)
	}
	for _, e := range entries {
		if e.Name() == "lost+found" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("emptying a folder: %w", err)
		}
	}
	return nil
}

// treeHash covers names, modes, owners, link targets and contents; not times, which reading may change.
func treeHash(root string, paths []string) (string, error) {
	sum := sha256.New()
	for _, p := range paths {
		err := filepath.WalkDir(filepath.Join(root, p), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				_, _ = fmt.Fprintf(sum, "%q missing\n", path)
				return nil
			}
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			owner := ""
			if s, ok := info.Sys().(*syscall.Stat_t); ok {
				owner = fmt.Sprintf("%d:%d", s.Uid, s.Gid)
			}
			_, _ = fmt.Fprintf(sum, "%q %s %s", path, info.Mode(), owner)
			switch {
			case info.Mode().IsRegular():
				content, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintf(sum, " %x", sha256.Sum256(content))
			case info.Mode()&fs.ModeSymlink != 0:
				to, err := os.Readlink(path)
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintf(sum, " %q", to)
			}
			_, _ = fmt.Fprintln(sum)
			return nil
		})
		if err != nil {
			return "", fmt.Errorf("hashing %s: %w", p, err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
