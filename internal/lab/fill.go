//go:build linux

package lab

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"
)

const (
	fillOps   = 100         // in a transaction; etcd takes 128
	fillBytes = 1 << 20     // in a transaction; etcd takes 1.5 MiB
	fillers   = 8           // at a time
	fillKey   = "fill/%08d" // in the order of writing
)

// Fill writes this many keys with values of this size that do not compress.
func (l *Lab) Fill(ctx context.Context, keys, valueSize int) error {
	c, err := l.Client(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	batch := max(1, min(fillOps, fillBytes/max(1, valueSize)))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fillers)
	for first := 0; first < keys; first += batch {
		group.Go(func() error {
			var ops []clientv3.Op
			for i := first; i < min(first+batch, keys); i++ {
				ops = append(ops, clientv3.OpPut(fmt.Sprintf(fillKey, i), randomValue(valueSize)))
			}
			_, err := c.Txn(ctx).Then(ops...).Commit()
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("filling etcd: %w", err)
	}
	return nil
}

// randomValue is printable, so half of its bits are random.
func randomValue(size int) string {
	raw := make([]byte, (size+1)/2)
	_, _ = rand.Read(raw) // never fails
	return hex.EncodeToString(raw)[:size]
}
