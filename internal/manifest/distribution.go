package manifest

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

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
		{"RKE2", first(p.annotation("etcd.k3s.io/"), p.script("/rancher/rke2/"))},
		{"OpenShift two-node with fencing", when(openshift && !p.starts(program.isEtcd) && !p.starts(program.wrapsEtcd), "the namespace openshift-etcd without a container for etcd")},
		{"OpenShift 4", when(openshift, "the namespace openshift-etcd")},
		{"OpenShift 3", p.script("/etc/etcd/etcd.conf")},
		{"kOps", p.argument("/etcd-manager")},
		{"Gardener", first(p.image("/etcd-wrapper"), p.label("etcd-druid"), p.label("druid.gardener.cloud"))},
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
	p := podView{
		namespace:   m.namespace,
		annotations: pairs(lookUp(m.metadata, "annotations", maxFollowed)),
		labels:      pairs(lookUp(m.metadata, "labels", maxFollowed)),
	}
	for _, c := range items(lookUp(m.spec, "containers", maxFollowed)) {
		p.programs = append(p.programs, viewProgram(c))
	}
	return p
}

func pairs(mapping *yaml.Node) []string {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	var all []string
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		all = append(all, wordOf(follow(mapping.Content[i]))+"="+wordOf(follow(mapping.Content[i+1])))
	}
	return all
}

func (p podView) annotation(part string) string { return containing("annotation", p.annotations, part) }
func (p podView) label(part string) string      { return containing("label", p.labels, part) }

func (p podView) argument(part string) string {
	return p.where(part, func(program) bool { return true })
}

// script is argument for the container that starts etcd: the API server has paths of etcd's files in its command line, too.
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
		if strings.Contains(one, part) {
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

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
