//go:build linux

package main

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// data is all that etcd holds for its users.
type data struct {
	keys     map[string]string // with their values
	revision int64
}

// How to read: from a member's own data, or after it has caught up with all that was ever acknowledged.
const (
	serializable = true
	linearizable = false
)

func read(ctx context.Context, l *lab.Lab, node string, own bool) (data, error) {
	c, err := l.Client(ctx, node)
	if err != nil {
		return data{}, err
	}
	defer func() { _ = c.Close() }()
	options := []clientv3.OpOption{clientv3.WithFromKey()}
	if own {
		options = append(options, clientv3.WithSerializable())
	}
	r, err := c.Get(ctx, "\x00", options...)
	if err != nil {
		return data{}, fmt.Errorf("reading the keys of %s: %w", node, err)
	}
	d := data{keys: map[string]string{}, revision: r.Header.Revision}
	for _, kv := range r.Kvs {
		d.keys[string(kv.Key)] = string(kv.Value)
	}
	return d, nil
}

// lost counts the keys of d that are missing in after, or have another value there.
func (d data) lost(after data) int {
	n := 0
	for k, v := range d.keys {
		if is, ok := after.keys[k]; !ok || is != v {
			n++
		}
	}
	return n
}
