//go:build linux

package lab

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/build"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/pki"
)

// simulatedNodes are the nodes of the grade Simulated.
type simulatedNodes struct {
	*Lab
	server    build.Server
	addresses *addresses
	partition *partition
	ca        *pki.Authority
	all       []*simulatedNode
}

func (l *simulatedNodes) start(ctx context.Context) error {
	var err error
	if l.server, err = build.EtcdServer(ctx, l.options.Etcd); err != nil {
		return err
	}
	l.version = l.server.Version
	if l.addresses, err = claimAddresses(ctx); err != nil {
		return err
	}
	if l.ca, err = pki.NewAuthority(); err != nil {
		return err
	}
	if l.clientTLS, err = l.ca.ClientTLS(); err != nil {
		return err
	}
	for i := range l.options.Nodes + l.options.Spare {
		n := newSimulatedNode(l, i+1)
		l.all = append(l.all, n)
		l.nodes = append(l.nodes, n)
	}
	for _, n := range l.all {
		if err := n.prepare(l.ca); err != nil {
			return err
		}
	}
	return l.bootCluster(ctx)
}

// bootCluster starts etcd everywhere. The members find each other by the full list, whatever their manifests say.
func (l *simulatedNodes) bootCluster(ctx context.Context) error {
	members := l.all[:l.options.Nodes]
	var list []string
	for _, n := range members {
		list = append(list, n.name+"="+n.PeerURL())
	}
	full := strings.Join(list, ",")
	for i, n := range members {
		initial := full
		if l.options.Shape == SelfOnly {
			initial = list[i]
			n.kubelet.SetHiddenArgs("--initial-cluster=" + full) // the last of a flag's values counts
		}
		if err := n.writeManifest(initial); err != nil {
			return err
		}
	}
	for _, n := range l.all[l.options.Nodes:] {
		if err := n.writeManifest(n.name + "=" + n.PeerURL()); err != nil {
			return err
		}
	}
	for _, n := range members {
		if err := n.powerOn(ctx); err != nil {
			return err
		}
	}
	return nil
}

// settle takes the hidden arguments back: from now on the manifests count.
func (l *simulatedNodes) settle(context.Context) error {
	for _, n := range l.all {
		n.kubelet.SetHiddenArgs()
	}
	return nil
}

func (l *simulatedNodes) close() error {
	var all errgroup.Group
	for _, n := range l.all {
		all.Go(n.close)
	}
	err := all.Wait()
	if l.addresses != nil {
		err = errors.Join(err, l.addresses.release())
	}
	return err
}
