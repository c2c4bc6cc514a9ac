//go:build linux

package lab

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/template"
)

const (
	kubernetesPKI = "/etc/kubernetes/pki"
	kubeadmFile   = "/etc/kubernetes/kubeadm.yaml"
)

// kubeadmConfig is v1beta3 for Kubernetes 1.23, v1beta4 for newer ones; they differ in how arguments are written.
const kubeadmConfig = `apiVersion: kubeadm.k8s.io/{{.API}}
kind: InitConfiguration
localAPIEndpoint:
  advertiseAddress: "{{.Host}}"
nodeRegistration:
  name: {{.Name}}
  criSocket: {{.Socket}}
---
apiVersion: kubeadm.k8s.io/{{.API}}
kind: ClusterConfiguration
kubernetesVersion: v{{.Version}}
imageRepository: registry.k8s.io
etcd:
  local:
    imageTag: "{{.Tag}}"
    dataDir: /var/lib/etcd
    extraArgs:
{{- range .Args}}
{{- if eq $.API "v1beta3"}}
      {{.Name}}: "{{.Value}}"
{{- else}}
    - name: {{.Name}}
      value: "{{.Value}}"
{{- end}}
{{- end}}
`

type argument struct{ Name, Value string }

// kubeadm runs one phase of kubeadm init on the node.
func (d *debianNode) kubeadm(ctx context.Context, phase ...string) error {
	if _, err := os.Stat(d.Path(kubeadmFile)); err != nil {
		if err := d.configureKubeadm(); err != nil {
			return err
		}
	}
	args := append([]string{"kubeadm", "init", "phase"}, phase...)
	_, err := d.Run(ctx, append(args, "--config", kubeadmFile)...)
	return err
}

func (d *debianNode) configureKubeadm() error {
	_, tag, _ := strings.Cut(d.lab.parts.etcdImage.Ref, "registry.k8s.io/etcd:")
	data := struct {
		API, Host, Name, Socket, Version, Tag string
		Args                                  []argument
	}{"v1beta4", d.Host(), d.name, "unix:///run/containerd/containerd.sock", d.lab.parts.kubernetes.Version, tag, nil}
	if d.Docker() {
		data.API, data.Socket = "v1beta3", "/var/run/dockershim.sock"
	}
	for name, value := range d.lab.options.ExtraFlags {
		data.Args = append(data.Args, argument{name, value})
	}
	data.Args = append(data.Args,
		argument{"initial-cluster", d.lab.initialCluster()}, argument{"initial-cluster-state", "new"})
	var out strings.Builder
	if err := template.Must(template.New("kubeadm.yaml").Parse(kubeadmConfig)).Execute(&out, data); err != nil {
		return fmt.Errorf("configuring kubeadm: %w", err)
	}
	return d.write(kubeadmFile, out.String(), 0o600)
}

// makeEtcd lets kubeadm make the node's certificates and its manifest.
func (d *debianNode) makeEtcd(ctx context.Context) error {
	for _, cert := range []string{"etcd-server", "etcd-peer", "etcd-healthcheck-client", "apiserver-etcd-client"} {
		if err := d.kubeadm(ctx, "certs", cert); err != nil {
			return err
		}
	}
	if d.APIDown() {
		if err := d.kubeadm(ctx, "kubeconfig", "kubelet"); err != nil {
			return err
		}
	}
	if err := d.kubeadm(ctx, "etcd", "local"); err != nil {
		return err
	}
	return d.adaptManifest()
}

// adaptManifest makes of kubeadm's manifest what its options cannot say.
func (d *debianNode) adaptManifest() error {
	text, err := os.ReadFile(d.Path(etcdManifest))
	if err != nil {
		return fmt.Errorf("reading kubeadm's manifest: %w", err)
	}
	manifest := string(text)
	switch d.lab.options.Etcd {
	case "3.5":
		manifest = experimental.Replace(manifest)
	case "3.4":
		manifest = ancient.Replace(experimental.Replace(manifest))
	}
	manifest = strings.Replace(manifest, "      path: "+dataDir+"\n", "      path: "+d.lab.options.data()+"\n", 1)
	if d.lab.options.WALDir {
		// Etcd renames the folder into place, which it cannot when that is the mount itself.
		manifest = strings.NewReplacer(
			"    - --name=",
			"    - --wal-dir="+walDir+"/wal\n    - --name=",
			"    volumeMounts:\n",
			"    volumeMounts:\n    - mountPath: "+walDir+"\n      name: etcd-wal\n",
			"  volumes:\n",
			"  volumes:\n  - hostPath:\n      path: "+walDir+"\n      type: DirectoryOrCreate\n    name: etcd-wal\n",
		).Replace(manifest)
	}
	text = []byte(manifest)
	if d.lab.options.Manifest != nil {
		text = d.lab.options.Manifest(d.name, text)
	}
	return d.write(etcdManifest, string(text), 0o600)
}

// experimental names flags as etcd 3.5 has them.
var experimental = strings.NewReplacer( //nolint:gochecknoglobals // a constant
	"--feature-gates=InitialCorruptCheck=true", "--experimental-initial-corrupt-check=true",
	"--watch-progress-notify-interval=", "--experimental-watch-progress-notify-interval=",
)

// ancient asks etcd 3.4 for what it knows.
var ancient = strings.NewReplacer( //nolint:gochecknoglobals // a constant
	"    - --experimental-watch-progress-notify-interval=5s\n", "",
	"path: /livez", "path: /health", "path: /readyz", "path: /health",
)
