package manifest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/distribution"
)

// DistributionError says that the pod belongs to a distribution that rebuilds etcd in its own way. It wraps
// ErrDistribution.
type DistributionError struct {
	Name string // as in package distribution
	Sign string // by which it was recognised
}

func (e *DistributionError) Error() string {
	d := distribution.Named(e.Name)
	return fmt.Sprintf(
		"%v: found %s of %s, which %s; recover with %s: %s (%s)",
		ErrDistribution,
		e.Sign,
		d.Name,
		d.Runs,
		d.Tool,
		d.Steps,
		d.Docs,
	)
}

func (e *DistributionError) Unwrap() error { return ErrDistribution }

// checkDistribution refuses the pods of distributions. They are recognised however they are written, before anything is
// read strictly.
func (m *Manifest) checkDistribution() error {
	p := m.kubelet
	openshift := p.Metadata.Namespace == "openshift-etcd"
	for _, is := range []struct {
		name string
		sign string // "" where it is another one
	}{
		{"RKE2", cmp.Or(
			key("annotation", p.Metadata.Annotations, "etcd.k3s.io/"),
			p.argument("/rancher/rke2/", program.isEtcd),
		)},
		{"OpenShift two-node with fencing", when(
			openshift && !p.starts(program.isEtcd) && !p.starts(program.wrapsEtcd),
			"the namespace openshift-etcd without a container for etcd",
		)},
		{"OpenShift 4", when(openshift, "the namespace openshift-etcd")},
		{"OpenShift 3", p.argument("/etc/etcd/etcd.conf", program.wrapsEtcd)},
		{"kOps", when(p.starts(program.isEtcdManager), "a container that starts etcd-manager")},
		{"Gardener", cmp.Or(
			when(p.starts(program.isEtcdWrapper), "the image etcd-wrapper"),
			when(
				p.Metadata.Labels["app.kubernetes.io/managed-by"] == "etcd-druid",
				"the label app.kubernetes.io/managed-by=etcd-druid",
			),
			key("label", p.Metadata.Labels, "druid.gardener.cloud"),
		)},
	} {
		if is.sign != "" {
			return &DistributionError{Name: is.name, Sign: is.sign}
		}
	}
	return nil
}

// starts tells whether a container of the pod is such a program.
func (p *kubeletPod) starts(what func(program) bool) bool {
	return slices.ContainsFunc(p.Spec.Containers, func(c kubeletContainer) bool { return what(c.program()) })
}

// argument is a part of the command line of a program that has to do with etcd. The API server has paths of etcd's
// files in its own.
func (p *kubeletPod) argument(part string, which func(program) bool) string {
	found := p.starts(func(c program) bool {
		return which(c) && slices.ContainsFunc(c.argv(), func(arg string) bool { return strings.Contains(arg, part) })
	})
	return when(found, "the command line with "+part)
}

// key is the first one that begins in a way.
func key(what string, mapping map[string]string, begin string) string {
	for _, name := range slices.Sorted(maps.Keys(mapping)) {
		if strings.HasPrefix(name, begin) {
			return "the " + what + " " + name
		}
	}
	return ""
}

func when(is bool, text string) string {
	if !is {
		return ""
	}
	return text
}
