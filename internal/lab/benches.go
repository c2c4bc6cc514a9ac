//go:build linux

package lab

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/sync/errgroup"
)

// benches are the masters of the grade Bench.
type benches struct {
	*Lab
	server    Server
	addresses *addresses
	partition *partition
	ca        *authority
	all       []*bench
}

func (l *benches) start(ctx context.Context) error {
	var err error
	if l.server, err = EtcdServer(ctx, l.options.Etcd); err != nil {
		return err
	}
	l.version = l.server.Version
	if l.addresses, err = claimAddresses(ctx); err != nil {
		return err
	}
	if l.ca, err = newAuthority(); err != nil {
		return err
	}
	if l.clientTLS, err = l.ca.clientTLS(); err != nil {
		return err
	}
	for i := range l.options.Masters {
		b := newBench(l, i+1)
		l.all = append(l.all, b)
		l.masters = append(l.masters, b)
	}
	for _, b := range l.all {
		if err := b.prepare(l.ca); err != nil {
			return err
		}
	}
	return l.bootCluster(ctx)
}

// bootCluster starts etcd everywhere. The members find each other by the full list, whatever their manifests say.
func (l *benches) bootCluster(ctx context.Context) error {
	var list []string
	for _, b := range l.all {
		list = append(list, b.name+"="+b.PeerURL())
	}
	full := strings.Join(list, ",")
	for i, b := range l.all {
		initial := full
		if l.options.Shape == SelfOnly {
			initial = list[i]
			b.runtime.setHiddenArgs("--initial-cluster=" + full) // the last of a flag's values counts
		}
		if err := b.writeManifest(initial); err != nil {
			return err
		}
	}
	for _, b := range l.all {
		if err := b.powerOn(ctx); err != nil {
			return err
		}
	}
	return nil
}

// settle takes the hidden arguments back: from now on the manifests count.
func (l *benches) settle(context.Context) error {
	for _, b := range l.all {
		b.runtime.setHiddenArgs()
	}
	return nil
}

func (l *benches) close() error {
	var all errgroup.Group
	for _, b := range l.all {
		all.Go(b.close)
	}
	err := all.Wait()
	if l.addresses != nil {
		err = errors.Join(err, l.addresses.release())
	}
	return err
}
