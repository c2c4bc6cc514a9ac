//go:build linux

package kubelet

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/disk"
)

// Paths on a node, as kubeadm lays them out.
const (
	ManifestDir = "/etc/kubernetes/manifests"
	ConfigFile  = "/var/lib/kubelet/config.yaml"
)

// stateFile holds what systemctl says of the kubelet.
const stateFile = "/run/kubelet"

//go:embed scripts
var scripts embed.FS

// config is written with the root of the disk and the manifest folder.
const config = `apiVersion: kubelet.config.k8s.io/v1beta1
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
`

// LayOut writes what a kubelet and a container runtime have on a disk, crictl and systemctl included.
func LayOut(root, node string) error {
	err := disk.MakeFolders(root, map[string]os.FileMode{
		ManifestDir:              0o700,
		filepath.Dir(ConfigFile): 0o755,
		"/var/log/containers":    0o755,
		"/var/log/pods":          0o755,
		"/run/cri/inspect":       0o755,
	})
	if err != nil {
		return err
	}
	text := fmt.Sprintf(config, root, ManifestDir)
	if err := os.WriteFile(filepath.Join(root, ConfigFile), []byte(text), 0o644); err != nil {
		return fmt.Errorf("writing the kubelet's configuration: %w", err)
	}
	return disk.InstallScripts(scripts, root, node)
}
