//go:build linux

package lab

import (
	"maps"
	"slices"
	"strings"
	"text/template"
)

// Shape is what the --initial-cluster flag in the manifests says. The flag has no meaning once a member has data, so
// that what stands on disk depends on how the cluster was made.
type Shape int

const (
	// FullList names every member, as manifests made for all nodes at once do.
	FullList Shape = iota
	// SelfOnly names just the node itself, as kubeadm leaves it after an upgrade.
	SelfOnly
)

// etcdPod is what goes into the static pod manifest of one node's etcd.
type etcdPod struct {
	Name           string
	Minor          string // "3.7"
	Image          string
	Host           string
	PKI, Data, WAL string // folders; WAL is empty when the log stays within Data
	ListenPeer     string
	AdvertisePeer  string
	ListenClient   string
	ListenMetrics  string
	InitialCluster string
	ExtraFlags     map[string]string
}

// flags returns the flags as kubeadm orders them.
func (p etcdPod) flags() []string {
	set := map[string]string{
		"advertise-client-urls":       p.ListenClient,
		"cert-file":                   p.PKI + "/server.crt",
		"client-cert-auth":            "true",
		"data-dir":                    p.Data,
		"initial-advertise-peer-urls": p.AdvertisePeer,
		"initial-cluster":             p.InitialCluster,
		"key-file":                    p.PKI + "/server.key",
		"listen-client-urls":          p.ListenClient,
		"listen-metrics-urls":         p.ListenMetrics,
		"listen-peer-urls":            p.ListenPeer,
		"name":                        p.Name,
		"peer-cert-file":              p.PKI + "/peer.crt",
		"peer-client-cert-auth":       "true",
		"peer-key-file":               p.PKI + "/peer.key",
		"peer-trusted-ca-file":        p.PKI + "/ca.crt",
		"snapshot-count":              "10000",
		"trusted-ca-file":             p.PKI + "/ca.crt",
	}
	if p.Minor == "3.5" {
		set["experimental-initial-corrupt-check"] = "true"
		set["experimental-watch-progress-notify-interval"] = "5s"
	} else {
		set["feature-gates"] = "InitialCorruptCheck=true"
		set["watch-progress-notify-interval"] = "5s"
	}
	if p.WAL != "" {
		set["wal-dir"] = p.WAL
	}
	maps.Copy(set, p.ExtraFlags)
	var flags []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		flags = append(flags, "--"+name+"="+set[name])
	}
	return flags
}

// text is the manifest, laid out as kubeadm's YAML writer does it.
func (p etcdPod) text() ([]byte, error) {
	live, ready := "/livez", "/readyz"
	if p.Minor == "3.5" {
		live, ready = "/health?exclude=NOSPACE&serializable=true", "/health?serializable=false"
	}
	var out strings.Builder
	err := template.Must(template.New("etcd.yaml").Parse(manifestTemplate)).Execute(&out, struct {
		etcdPod
		Flags       []string
		Live, Ready string
	}{p, p.flags(), live, ready})
	return []byte(out.String()), err
}

const manifestTemplate = `apiVersion: v1
kind: Pod
metadata:
  annotations:
    kubeadm.kubernetes.io/etcd.advertise-client-urls: {{.ListenClient}}
  creationTimestamp: null
  labels:
    component: etcd
    tier: control-plane
  name: etcd
  namespace: kube-system
spec:
  containers:
  - command:
    - etcd
{{- range .Flags}}
    - {{.}}
{{- end}}
    image: {{.Image}}
    imagePullPolicy: IfNotPresent
    livenessProbe:
      failureThreshold: 8
      httpGet:
        host: {{.Host}}
        path: {{.Live}}
        port: 2381
        scheme: HTTP
      initialDelaySeconds: 10
      periodSeconds: 10
      timeoutSeconds: 15
    name: etcd
    resources:
      requests:
        cpu: 100m
        memory: 100Mi
    startupProbe:
      failureThreshold: 24
      httpGet:
        host: {{.Host}}
        path: {{.Ready}}
        port: 2381
        scheme: HTTP
      initialDelaySeconds: 10
      periodSeconds: 10
      timeoutSeconds: 15
    volumeMounts:
    - mountPath: {{.Data}}
      name: etcd-data
{{- if .WAL}}
    - mountPath: {{.WAL}}
      name: etcd-wal
{{- end}}
    - mountPath: {{.PKI}}
      name: etcd-certs
  hostNetwork: true
  priority: 2000001000
  priorityClassName: system-node-critical
  securityContext:
    seccompProfile:
      type: RuntimeDefault
  volumes:
  - hostPath:
      path: {{.PKI}}
      type: DirectoryOrCreate
    name: etcd-certs
  - hostPath:
      path: {{.Data}}
      type: DirectoryOrCreate
    name: etcd-data
{{- if .WAL}}
  - hostPath:
      path: {{.WAL}}
      type: DirectoryOrCreate
    name: etcd-wal
{{- end}}
status: {}
`
