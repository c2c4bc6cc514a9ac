//go:build linux

package lab

import (
	"embed"
	"os"
	"path/filepath"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/disk"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/kubelet"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/pki"
)

// Paths on a node, as kubeadm lays them out. Those of the kubelet are in its package.
const (
	etcdManifest = kubelet.ManifestDir + "/etcd.yaml"
	pkiDir       = "/etc/kubernetes/pki/etcd"
	dataDir      = "/var/lib/etcd"
	walDir       = "/var/lib/etcd-wal"
	hostKeyFile  = "/etc/ssh/ssh_host_ed25519_key"
	sudoFile     = "/run/sudo" // of the sudo of a simulated node
)

//go:embed scripts
var scripts embed.FS

// layOut makes the folders and the files of a simulated node that do not depend on the cluster.
func layOut(root, name string) error {
	err := disk.MakeFolders(root, map[string]os.FileMode{
		pkiDir:     0o755,
		dataDir:    0o700,
		"/etc/ssh": 0o755,
		"/root":    0o700,
		"/tmp":     0o700,
	})
	if err != nil {
		return err
	}
	if err := kubelet.LayOut(root, name); err != nil {
		return err
	}
	if err := disk.InstallScripts(scripts, root, name); err != nil {
		return err
	}
	return pki.WriteSSHKey(filepath.Join(root, hostKeyFile))
}
