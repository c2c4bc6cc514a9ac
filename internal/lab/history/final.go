//go:build linux

package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
)

const (
	finalLimit   = 30 * time.Second // for the cluster to answer, and again for each node to catch up
	finalTry     = 2 * time.Second
	finalPause   = 50 * time.Millisecond
	finalClient  = clients // the number of one more client
	lookupFailed = "reading what is left in the end"
)

// errDiverged ends the wait for a node to catch up: it never will.
var errDiverged = errors.New("diverged")

// Final reads all keys, linearizably, from these nodes or all, and adds that to the operations as gets. A write that
// was acknowledged and is gone in the end is seen by the check only after that. Then it reads every node's own data
// at that revision, and fails if one has anything else there; it waits up to 30 s for each that is behind.
func (r *Report) Final(ctx context.Context, l *lab.Lab, nodes ...string) error {
	nodes = orAll(l, nodes)
	call := time.Since(r.Began)
	want, err := readAll(ctx, l, r.Prefix, nodes)
	if err != nil {
		return err
	}
	back := time.Since(r.Began)
	for _, key := range r.Keys {
		op := Op{Client: finalClient, Kind: Get, Key: key, Call: call, Return: back, Revision: want.Header.Revision}
		for _, kv := range want.Kvs {
			if string(kv.Key) == key {
				op.Seen = string(kv.Value)
			}
		}
		r.Ops = append(r.Ops, op)
	}
	for _, m := range nodes {
		if err := sameOn(ctx, l, m, r.Prefix, want); err != nil {
			return err
		}
	}
	return nil
}

// readAll reads the keys under a prefix, linearizably, from any of the nodes that answers.
func readAll(ctx context.Context, l *lab.Lab, prefix string, nodes []string) (*clientv3.GetResponse, error) {
	c, err := l.Client(ctx, nodes...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	var all *clientv3.GetResponse
	err = patiently(ctx, func(try context.Context) error {
		var err error
		all, err = c.Get(try, prefix, clientv3.WithPrefix())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf(lookupFailed+": %w", err)
	}
	return all, nil
}

// sameOn tells whether a node's own data has the same under a prefix at the same revision.
func sameOn(ctx context.Context, l *lab.Lab, node, prefix string, want *clientv3.GetResponse) error {
	c, err := l.Client(ctx, node)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	err = patiently(ctx, func(try context.Context) error {
		// Until the node has that revision, it answers that it lies in the future.
		got, err := c.Get(
			try,
			prefix,
			clientv3.WithPrefix(),
			clientv3.WithSerializable(),
			clientv3.WithRev(want.Header.Revision),
		)
		if err != nil {
			return err
		}
		if got.Header.ClusterId != want.Header.ClusterId {
			return fmt.Errorf(
				"%w: it is of cluster %x, and the others are of %x",
				errDiverged,
				got.Header.ClusterId,
				want.Header.ClusterId,
			)
		}
		if d := difference(got.Kvs, want.Kvs); d != "" {
			return fmt.Errorf("%w: at revision %d it has %s", errDiverged, want.Header.Revision, d)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf(lookupFailed+" on %s: %w", node, err)
	}
	return nil
}

// difference says what two ranges, both in the order of keys, do not agree in.
func difference(got, want []*mvccpb.KeyValue) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d keys, and the cluster %d", len(got), len(want))
	}
	for i, g := range got {
		w := want[i]
		if !bytes.Equal(g.Key, w.Key) || !bytes.Equal(g.Value, w.Value) ||
			g.CreateRevision != w.CreateRevision || g.ModRevision != w.ModRevision || g.Version != w.Version {
			return fmt.Sprintf("%s = %q of revision %d, and the cluster %s = %q of %d",
				g.Key, g.Value, g.ModRevision, w.Key, w.Value, w.ModRevision)
		}
	}
	return ""
}

// patiently tries until it succeeds, or has diverged, or 30 s are over. The error is that of the last try.
func patiently(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, finalLimit)
	defer cancel()
	return wait.Until(ctx, finalPause, func() error {
		try, done := context.WithTimeout(ctx, finalTry)
		defer done()
		err := do(try)
		if errors.Is(err, errDiverged) {
			return wait.Final(err)
		}
		return err
	})
}
