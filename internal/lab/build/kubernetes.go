//go:build linux

package build

import "context"

// Kubernetes is what a Debian node has of it.
type Kubernetes struct {
	Version          string // full, without a v
	Kubelet, Kubeadm string // paths of the programs
}

// KubernetesPrograms returns those of a minor version ("1.23" or "1.37"). They are built on first use, which takes some
// minutes.
func KubernetesPrograms(ctx context.Context, minor string) (k Kubernetes, err error) {
	for name, path := range map[string]*string{"kubelet": &k.Kubelet, "kubeadm": &k.Kubeadm} {
		p := program{
			name:     name,
			module:   "kubernetes-" + minor,
			pkg:      "k8s.io/kubernetes/cmd/" + name,
			required: "k8s.io/kubernetes",
			tags:     "providerless", // without the clouds' own libraries, half of an old kubelet
			stamp:    "k8s.io/component-base/version",
		}
		if *path, k.Version, err = p.get(ctx); err != nil {
			return Kubernetes{}, err
		}
	}
	return k, nil
}
