//go:build linux

package lab

import (
	"context"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
)

// everyKey begins the range of all keys.
const everyKey = "\x00"

// pause is between two looks at something that is waited for.
const pause = 50 * time.Millisecond

// Client returns an etcd client to these nodes, or to all, that does not go through SSH. It ends with ctx or by its
// Close.
//
// It reconnects within 200 ms, so that a gap that a test measures is the cluster's and not the client's back-off.
func (l *Lab) Client(ctx context.Context, nodes ...string) (*clientv3.Client, error) {
	endpoints, err := l.endpoints(nodes)
	if err != nil {
		return nil, err
	}
	c, err := clientv3.New(clientv3.Config{
		Endpoints:   endpoints,
		TLS:         l.clientTLS.Clone(),
		Context:     ctx,
		DialTimeout: 2 * time.Second,
		Logger:      zap.NewNop(),
		DialOptions: reconnectFast(),
	})
	if err != nil {
		return nil, fmt.Errorf("making an etcd client: %w", err)
	}
	return c, nil
}

func reconnectFast() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{
		Backoff: backoff.Config{
			BaseDelay:  50 * time.Millisecond,
			Multiplier: 1.5,
			MaxDelay:   200 * time.Millisecond,
		},
		MinConnectTimeout: time.Second,
	})}
}

func (l *Lab) endpoints(nodes []string) ([]string, error) {
	var endpoints []string
	for _, m := range l.nodes {
		if len(nodes) == 0 {
			endpoints = append(endpoints, m.ClientURL())
		}
	}
	for _, name := range nodes {
		m := l.Node(name)
		if m == nil {
			return nil, fmt.Errorf("there is no node %q", name)
		}
		endpoints = append(endpoints, m.ClientURL())
	}
	return endpoints, nil
}

// WaitHealthy waits until these nodes, or all, are the voting members of one cluster, no others are, and each of them
// answers linearizable reads.
func (l *Lab) WaitHealthy(ctx context.Context, nodes ...string) error {
	if len(nodes) == 0 {
		for _, m := range l.nodes {
			nodes = append(nodes, m.Name())
		}
	}
	for _, name := range nodes {
		if l.Node(name) == nil {
			return fmt.Errorf("there is no node %q", name)
		}
		if err := l.waitHealthy(ctx, name, nodes); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lab) waitHealthy(ctx context.Context, name string, nodes []string) error {
	c, err := l.Client(ctx, name)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return wait.Until(ctx, pause, func() error {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		members, err := c.MemberList(try)
		if err != nil {
			return fmt.Errorf("the members according to %s: %w", name, err)
		}
		voters := map[string]bool{}
		for _, m := range members.Members {
			if !m.IsLearner {
				for _, u := range m.PeerURLs {
					voters[u] = true
				}
			}
		}
		for _, want := range nodes {
			if !voters[l.Node(want).PeerURL()] || len(members.Members) != len(nodes) {
				return fmt.Errorf("the members according to %s are %v", name, members.Members)
			}
		}
		if _, err := c.Get(try, "health"); err != nil {
			return fmt.Errorf("reading from %s: %w", name, err)
		}
		return nil
	})
}

// CountKeys reads the number of keys and the revision from one node's own data, with or without a quorum.
func (l *Lab) CountKeys(ctx context.Context, node string) (count, revision int64, err error) {
	c, err := l.Client(ctx, node)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = c.Close() }()
	r, err := c.Get(ctx, everyKey, clientv3.WithFromKey(), clientv3.WithCountOnly(), clientv3.WithSerializable())
	if err != nil {
		return 0, 0, fmt.Errorf("counting the keys of %s: %w", node, err)
	}
	return r.Count, r.Header.Revision, nil
}
