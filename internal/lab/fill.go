//go:build linux

package lab

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
)

const (
	fillOps   = 100         // in a transaction; etcd takes 128
	fillBytes = 1 << 20     // in a transaction; etcd takes 1.5 MiB
	fillers   = 8           // at a time
	fillKey   = "fill/%08d" // in the order of writing
)

// Fill writes this many keys with values of this size that do not compress. It returns when all nodes that answer
// have them.
func (l *Lab) Fill(ctx context.Context, keys, valueSize int) error {
	c, err := l.Client(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	batch := max(1, min(fillOps, fillBytes/max(1, valueSize)))
	writers, writing := errgroup.WithContext(ctx)
	writers.SetLimit(fillers)
	for first := 0; first < keys; first += batch {
		writers.Go(func() error {
			var ops []clientv3.Op
			for i := first; i < min(first+batch, keys); i++ {
				ops = append(ops, clientv3.OpPut(fmt.Sprintf(fillKey, i), randomValue(valueSize)))
			}
			_, err := c.Txn(writing).Then(ops...).Commit()
			return err
		})
	}
	if err := writers.Wait(); err != nil {
		return fmt.Errorf("filling etcd: %w", err)
	}
	r, err := c.Get(ctx, everyKey, clientv3.WithLimit(1))
	if err != nil {
		return fmt.Errorf("filling etcd: %w", err)
	}
	for _, m := range l.Nodes() {
		if err := wait.Until(ctx, pause, func() error {
			try, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			_, revision, err := l.CountKeys(try, m.Name())
			if err == nil && revision < r.Header.Revision {
				return fmt.Errorf("%s is at revision %d of %d", m.Name(), revision, r.Header.Revision)
			}
			return nil // one that is down has nothing to catch up with
		}); err != nil {
			return fmt.Errorf("filling etcd: %w", err)
		}
	}
	return nil
}

// randomValue is printable, so half of its bits are random.
func randomValue(size int) string {
	raw := make([]byte, (size+1)/2)
	_, _ = rand.Read(raw) // never fails
	return hex.EncodeToString(raw)[:size]
}
