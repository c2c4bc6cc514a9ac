//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// byHashing measures for how long a member takes no writes while it computes the hash of its keys, as each member does
// once after each join.
func (b *benchmark) byHashing(ctx context.Context) error {
	t := table{{"data on the member", "hash, seconds", "longest time between two writes", "without the hash"}}
	for _, size := range []int{256 * mib, 1024 * mib, 4096 * mib} {
		note(fmt.Sprintf("measuring the hash of %d MiB", size/mib))
		if err := b.hashOf(ctx, size, &t); err != nil {
			return err
		}
	}
	t.print("Writes to a member that computes the hash of its keys")
	return nil
}

func (b *benchmark) hashOf(ctx context.Context, size int, t *table) (err error) {
	l, err := lab.Start(ctx, lab.Options{
		Etcd:       b.etcd,
		Nodes:      1,
		ExtraFlags: map[string]string{"quota-backend-bytes": fmt.Sprint(16 << 30)},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if err := l.Fill(ctx, size/valueSize, valueSize); err != nil {
		return err
	}
	c, err := l.Client(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	var took time.Duration
	hash := func() error {
		began := time.Now()
		_, err := c.HashKV(ctx, l.Node("m1").ClientURL(), 0)
		took = time.Since(began)
		return err
	}
	with, err := longestGap(ctx, l, hash)
	if err != nil {
		return err
	}
	without, err := longestGap(ctx, l, func() error { time.Sleep(took); return nil })
	if err != nil {
		return err
	}
	t.add(fmt.Sprintf("%d MiB", size/mib), seconds(took), seconds(with), seconds(without))
	return nil
}

// longestGap is the longest time between two acknowledged writes while something goes on.
func longestGap(ctx context.Context, l *lab.Lab, during func() error) (time.Duration, error) {
	w, err := l.StartWriter(ctx)
	if err != nil {
		return 0, err
	}
	time.Sleep(time.Second)
	failed := during()
	time.Sleep(time.Second)
	return w.Stop().LongestGap, failed
}
