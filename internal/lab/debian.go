//go:build linux

package lab

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/build"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/disk"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/machine"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/pki"
)

// packages are what a node has of Debian's.
func packages() []string {
	return []string{
		"systemd",
		"systemd-sysv",
		"dbus",
		"openssh-server",
		"sudo",
		"containerd",
		"runc",
		"docker.io",
		"iproute2",
		"iptables",
		"procps",
		"ca-certificates",
		"curl",
		"less",
		"vim-tiny",
		"etcd-server",
	}
}

// networks counts the networks of this process.
var networks atomic.Int32 //nolint:gochecknoglobals // numbers within a host namespace, which belongs to the process

// debianNodes are the nodes of the grade Debian.
type debianNodes struct {
	*Lab
	parts   parts
	network *machine.Network
	all     []*debianNode
}

// parts are what the nodes are made of.
type parts struct {
	base             string // Debian
	kubernetes       build.Kubernetes
	etcd             build.Server
	etcdImage, pause build.Image
}

// PrepareDebian downloads and builds what Debian nodes with these options need. It belongs before
// the host namespace, which has no network.
func PrepareDebian(ctx context.Context, o Options, log io.Writer) error {
	_, err := gather(ctx, o.withDefaults(), log)
	return err
}

func gather(ctx context.Context, o Options, log io.Writer) (parts, error) {
	cache, err := build.CacheDir()
	if err != nil {
		return parts{}, err
	}
	var p parts
	if p.base, err = machine.Base(ctx, cache, packages(), log); err != nil {
		return parts{}, err
	}
	if p.kubernetes, err = build.KubernetesPrograms(ctx, o.kubernetes()); err != nil {
		return parts{}, err
	}
	if p.etcdImage, p.etcd, err = etcdImageFor(ctx, o.Etcd, p.base); err != nil {
		return parts{}, err
	}
	p.pause, err = build.PauseImage(ctx)
	return p, err
}

// etcdImageFor is the image of an etcd minor.
func etcdImageFor(ctx context.Context, minor, base string) (build.Image, build.Server, error) {
	if minor == "3.4" {
		s, err := build.DebianEtcd(ctx, base)
		return build.DebianEtcdImage(s, base), s, err
	}
	s, err := build.EtcdServer(ctx, minor)
	return build.EtcdImage(s), s, err
}

func (l *debianNodes) start(ctx context.Context) error {
	var err error
	if l.parts, err = gather(ctx, l.options, noteWriter{l.Lab}); err != nil {
		return err
	}
	l.version = l.parts.etcd.Version
	if l.network, err = machine.NewNetwork(ctx, int(networks.Add(1))); err != nil {
		return err
	}
	if err := l.archives(); err != nil {
		return err
	}
	for i := range l.options.Nodes {
		d, err := newDebianNode(l, i+1)
		if err != nil {
			return err
		}
		l.all = append(l.all, d)
		l.nodes = append(l.nodes, d)
	}
	if err := l.each(func(d *debianNode) error { return d.install(ctx) }); err != nil {
		return err
	}
	return l.makeCluster(ctx)
}

// archives writes the images that every node imports.
func (l *debianNodes) archives() error {
	if err := l.parts.pause.Archive(filepath.Join(l.dir, "pause.tar")); err != nil {
		return err
	}
	return l.parts.etcdImage.Archive(filepath.Join(l.dir, "etcd.tar"))
}

// makeCluster lets kubeadm make certificates and manifests: the first node the CA, everyone the rest.
func (l *debianNodes) makeCluster(ctx context.Context) error {
	first := l.all[0]
	if err := first.kubeadm(ctx, "certs", "etcd-ca"); err != nil {
		return err
	}
	if err := first.kubeadm(ctx, "certs", "ca"); err != nil {
		return err
	}
	for _, d := range l.all[1:] {
		for _, file := range []string{"etcd/ca.crt", "etcd/ca.key", "ca.crt", "ca.key"} {
			if err := disk.CopyFile(first.Path(kubernetesPKI+"/"+file), d.Path(kubernetesPKI+"/"+file)); err != nil {
				return err
			}
		}
	}
	ca, err := pki.ReadAuthority(first.Path(pkiDir))
	if err != nil {
		return err
	}
	if l.clientTLS, err = ca.ClientTLS(); err != nil {
		return err
	}
	if err := l.each(func(d *debianNode) error { return d.makeEtcd(ctx) }); err != nil {
		return err
	}
	return l.each(func(d *debianNode) error { return d.letIn() })
}

// initialCluster is the full list.
func (l *debianNodes) initialCluster() string {
	var list []string
	for _, d := range l.all {
		list = append(list, d.Name()+"="+d.PeerURL())
	}
	return strings.Join(list, ",")
}

// settle has nothing to do: kubeadm's manifests name every member.
func (l *debianNodes) settle(context.Context) error { return nil }

func (l *debianNodes) close() error {
	err := l.each(func(d *debianNode) error { return errors.Join(d.machine.Close(l.life), d.disk.Close()) })
	if l.network != nil {
		err = errors.Join(err, l.network.Close(context.WithoutCancel(l.life)))
	}
	return err
}

// each does something on all nodes at once.
func (l *debianNodes) each(do func(*debianNode) error) error {
	var all errgroup.Group
	for _, d := range l.all {
		all.Go(func() error { return do(d) })
	}
	return all.Wait()
}

// noteWriter passes on what is written as the lab's notes.
type noteWriter struct{ lab *Lab }

func (w noteWriter) Write(b []byte) (int, error) {
	w.lab.note("%s", strings.TrimSpace(string(b)))
	return len(b), nil
}
