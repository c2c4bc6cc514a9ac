//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// valueSize is that of every value, in bytes: about that of a small Kubernetes object.
const valueSize = 4 << 10

// disaster is a cluster of which only the first node still has its data.
type disaster struct {
	grade lab.Grade
	nodes int
	bytes int // of data
}

// smallBytes is for what does not depend on the amount of data.
const smallBytes = 1 << 20

// with makes the disaster, calls repair, and makes sure that all data is back on all nodes.
func (d disaster) with(ctx context.Context, etcd string, repair func(*lab.Lab) error) (err error) {
	l, err := lab.Start(ctx, lab.Options{Grade: d.grade, Etcd: etcd, Nodes: d.nodes})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if err := l.Fill(ctx, d.bytes/valueSize, valueSize); err != nil {
		return err
	}
	before, err := countAll(ctx, l)
	if err != nil {
		return err
	}
	if err := l.Lose(l.Nodes()[1:]...); err != nil {
		return err
	}
	if err := leaderless(ctx, l); err != nil {
		return err
	}
	if err := repair(l); err != nil {
		return err
	}
	for _, m := range l.Nodes() {
		after, _, err := l.CountKeys(ctx, m.Name())
		if err != nil {
			return err
		}
		if after < before { // more is fine: somebody may have written since
			return fmt.Errorf("%s has %d keys after the recovery, and there were %d", m.Name(), after, before)
		}
	}
	return nil
}

// countAll counts on the survivor when it has caught up with the others, who are about to be lost.
func countAll(ctx context.Context, l *lab.Lab) (int64, error) {
	c, err := l.Client(ctx, "m1")
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	r, err := c.Get(ctx, "\x00", clientv3.WithFromKey(), clientv3.WithCountOnly())
	if err != nil {
		return 0, fmt.Errorf("counting the keys: %w", err)
	}
	return r.Count, nil
}

// leaderless waits until the survivor knows that the others are gone. Until then it would be asked for a linearizable
// read, which hangs.
func leaderless(ctx context.Context, l *lab.Lab) error {
	c, err := l.Client(ctx, "m1")
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return await(ctx, func() error {
		s, err := c.Status(ctx, c.Endpoints()[0])
		if err == nil && s.Leader != 0 {
			err = errors.New("m1 still has a leader")
		}
		return err
	})
}
