package manifest

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// distribution is one whose etcd has a recovery of its own, which what is done here would only disturb.
type distribution struct {
	name   string
	sign   func(podView) string // what it was recognised by, "" where it is another one
	wayOut string
}

func distributions() []distribution {
	return []distribution{
		{
			"RKE2", func(p podView) string { return first(p.annotation("etcd.k3s.io/"), p.script("/rancher/rke2/")) },
			"it writes this file anew at each start. Stop rke2-server on every server, run rke2 server --cluster-reset on the one to keep, then remove /var/lib/rancher/rke2/server/db on the others and start them (https://docs.rke2.io/datastore/backup_restore)",
		},
		{
			"OpenShift two-node with fencing", func(p podView) string {
				if p.namespace == "openshift-etcd" && !p.starts(program.isEtcd) && !p.starts(program.wrapsEtcd) {
					return "namespace openshift-etcd, and no container that starts etcd"
				}
				return ""
			},
			"Pacemaker runs etcd there, outside of the kubelet, and chooses and forces the survivor itself. See what stops it with pcs status",
		},
		{
			"OpenShift 4", func(p podView) string {
				if p.namespace == "openshift-etcd" {
					return "namespace openshift-etcd"
				}
				return ""
			},
			"its etcd operator writes this file anew and adds members itself. Run quorum-restore.sh on the master to keep; a release without that script has cluster-restore.sh, which takes a backup",
		},
		{
			"OpenShift 3", func(p podView) string { return p.script("/etc/etcd/etcd.conf") },
			"etcd reads its settings from /etc/etcd/etcd.conf, which is not edited here. Follow its own instructions (https://docs.openshift.com/container-platform/3.11/admin_guide/assembly_restore-etcd-quorum.html)",
		},
		{
			"kOps", func(p podView) string { return p.argument("/etcd-manager") },
			"etcd-manager starts etcd itself, as its child. Restore a backup with etcd-manager-ctl restore-backup (https://kops.sigs.k8s.io/operations/etcd_backup_restore_encryption/)",
		},
		{
			"Gardener", func(p podView) string {
				return first(p.image("/etcd-wrapper"), p.label("etcd-druid"), p.label("druid.gardener.cloud"))
			},
			"etcd-druid writes etcd's configuration anew. Follow its instructions for a permanent loss of quorum",
		},
	}
}

// checkDistribution refuses the pods of distributions. They are recognised however they are written, before anything is read strictly.
func (m *Manifest) checkDistribution() error {
	p := m.view()
	for _, d := range distributions() {
		if sign := d.sign(p); sign != "" {
			return fmt.Errorf("%w: found etcd of %s (%s): %s", ErrDistribution, d.name, sign, d.wayOut)
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
			return part + " in its command line"
		}
	}
	return ""
}

func (p podView) image(part string) string {
	for _, c := range p.programs {
		if strings.Contains(c.image, part) {
			return "image " + c.image
		}
	}
	return ""
}

func (p podView) starts(what func(program) bool) bool { return slices.ContainsFunc(p.programs, what) }

func containing(what string, all []string, part string) string {
	for _, one := range all {
		if strings.Contains(one, part) {
			return what + " " + firstLine(strings.SplitN(one, "={", 2)[0]) // without a value in JSON
		}
	}
	return ""
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
