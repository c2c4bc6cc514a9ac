package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/distribution"
)

// DistributionError says that the pod belongs to a distribution that rebuilds etcd in its own way. It wraps ErrDistribution.
type DistributionError struct {
	Name string // as in package distribution
	Sign string // by which it was recognised
}

func (e *DistributionError) Error() string {
	d := distribution.Named(e.Name)
	return fmt.Sprintf("%v: found %s of %s, which %s; recover with %s: %s (%s)", ErrDistribution, e.Sign, d.Name, d.Runs, d.Tool, d.Steps, d.Docs)
}

func (e *DistributionError) Unwrap() error { return ErrDistribution }

// checkDistribution refuses the pods of distributions. They are recognised however they are written, before anything is read strictly.
func (m *Manifest) checkDistribution() error {
	p := m.view()
	openshift := p.namespace == "openshift-etcd"
	for _, is := range []struct {
		name string
		sign string // "" where it is another one
	}{
		{"RKE2", cmp.Or(p.annotation("etcd.k3s.io/"), p.script("/rancher/rke2/"))},
		{"OpenShift two-node with fencing", when(openshift && !p.starts(program.isEtcd) && !p.starts(program.wrapsEtcd), "the namespace openshift-etcd without a container for etcd")},
		{"OpenShift 4", when(openshift, "the namespace openshift-etcd")},
		{"OpenShift 3", p.where("/etc/etcd/etcd.conf", program.wrapsEtcd)},
		{"kOps", when(p.starts(program.isEtcdManager), "a container that starts etcd-manager")},
		{"Gardener", cmp.Or(p.image("/etcd-wrapper"), p.label("app.kubernetes.io/managed-by=etcd-druid"), p.label("druid.gardener.cloud"))},
	} {
		if is.sign != "" {
			return &DistributionError{Name: is.name, Sign: is.sign}
		}
	}
	return nil
}

// podView is what tells distributions apart.
type podView struct {
	namespace           string
	annotations, labels []string // key=value
	programs            []program
}

func (m *Manifest) view() podView {
	p := podView{namespace: m.kubelet.Metadata.Namespace, annotations: pairs(m.kubelet.Metadata.Annotations), labels: pairs(m.kubelet.Metadata.Labels)}
	for _, c := range m.kubelet.Spec.Containers {
		p.programs = append(p.programs, c.program())
	}
	return p
}

func pairs(mapping map[string]string) []string {
	var all []string
	for key, value := range mapping {
		all = append(all, key+"="+value)
	}
	slices.Sort(all)
	return all
}

func (p podView) annotation(part string) string { return containing("annotation", p.annotations, part) }
func (p podView) label(part string) string      { return containing("label", p.labels, part) }

// script looks at containers that start etcd alone: the API server has paths of etcd's files in its command line, too.
func (p podView) script(part string) string {
	return p.where(part, func(c program) bool { return c.isEtcd() || c.wrapsEtcd() })
}

func (p podView) where(part string, which func(program) bool) string {
	for _, c := range p.programs {
		if which(c) && slices.ContainsFunc(c.argv(), func(arg string) bool { return strings.Contains(arg, part) }) {
			return "the command line with " + part
		}
	}
	return ""
}

func (p podView) image(part string) string {
	for _, c := range p.programs {
		if strings.Contains(c.image, part) {
			return "the image " + c.image
		}
	}
	return ""
}

func (p podView) starts(what func(program) bool) bool { return slices.ContainsFunc(p.programs, what) }

func containing(what string, all []string, part string) string {
	for _, one := range all {
		if strings.HasPrefix(one, part) {
			return "the " + what + " " + firstLine(strings.SplitN(one, "={", 2)[0]) // without a value in JSON
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
