//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
)

// cluster is etcd while it grows again from m1, seen by somebody who looks every so often.
type cluster struct {
	lab   *lab.Lab
	every time.Duration
	seed  *clientv3.Client
}

func (c *cluster) close() {
	if c.seed != nil {
		_ = c.seed.Close()
		c.seed = nil
	}
}

// await looks until there is no objection any more.
func (c *cluster) await(ctx context.Context, look func() error) error {
	return wait.Until(ctx, c.every, look)
}

// insist repeats a change of the members until etcd finds itself fit for it.
func (c *cluster) insist(ctx context.Context, change func() error) error {
	return c.await(ctx, func() error {
		err := change()
		if errors.Is(err, rpctypes.ErrUnhealthy) || errors.Is(err, rpctypes.ErrMemberNotEnoughStarted) ||
			errors.Is(err, rpctypes.ErrMemberLearnerNotReady) {
			return err
		}
		return wait.Final(err)
	})
}

// alone waits until the seed is the leader of itself and answers a linearizable read.
func (c *cluster) alone(ctx context.Context) error {
	c.close()
	if err := c.listening(ctx, c.lab.Node("m1")); err != nil {
		return err
	}
	var err error
	if c.seed, err = c.lab.Client(ctx, "m1"); err != nil {
		return err
	}
	return c.await(ctx, func() error {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		s, err := c.seed.Status(try, c.seed.Endpoints()[0])
		if err != nil {
			return err
		}
		if s.Leader != s.Header.MemberId {
			return errors.New("the seed does not lead yet")
		}
		members, err := c.seed.MemberList(try) // linearizable
		if err == nil && len(members.Members) != 1 {
			err = fmt.Errorf("the seed has %d members", len(members.Members))
		}
		return err
	})
}

// listening waits for a member's port with a plain dial, so that no client's back-off is measured.
func (c *cluster) listening(ctx context.Context, m lab.Node) error {
	u, err := url.Parse(m.ClientURL())
	if err != nil {
		return fmt.Errorf("the client URL of %s: %w", m.Name(), err)
	}
	return c.await(ctx, func() error {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", u.Host)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// add adds a node to the cluster, and gives its ID and the --initial-cluster with which it will start.
func (c *cluster) add(ctx context.Context, m lab.Identity, learner bool) (id uint64, initial string, err error) {
	var list []*etcdserverpb.Member
	err = c.insist(ctx, func() error {
		call := c.seed.MemberAdd
		if learner {
			call = c.seed.MemberAddAsLearner
		}
		added, err := call(ctx, []string{m.PeerURL()})
		if err != nil {
			return err
		}
		id, list = added.Member.ID, added.Members
		return nil
	})
	var members []manifest.Member
	for _, member := range list {
		if member.Name == "" {
			member.Name = m.Name()
		}
		members = append(members, manifest.Member{Name: member.Name, PeerURLs: member.PeerURLs})
	}
	return id, manifest.InitialCluster(members), err
}

func (c *cluster) promote(ctx context.Context, id uint64) error {
	return c.insist(ctx, func() error {
		_, err := c.seed.MemberPromote(ctx, id)
		return err
	})
}

// caughtUp waits until a learner, which answers no linearizable read, has applied what the leader had.
func (c *cluster) caughtUp(ctx context.Context, m lab.Node) error {
	leader, err := c.seed.Status(ctx, c.seed.Endpoints()[0])
	if err != nil {
		return fmt.Errorf("asking the leader how far it is: %w", err)
	}
	return c.ask(ctx, m, func(ctx context.Context, own *clientv3.Client) error {
		s, err := own.Status(ctx, own.Endpoints()[0])
		if err == nil && s.RaftAppliedIndex < leader.RaftAppliedIndex {
			err = errors.New(m.Name() + " has not caught up")
		}
		return err
	})
}

// healthy waits for a linearizable read, as etcdctl endpoint health does.
func (c *cluster) healthy(ctx context.Context, m lab.Node) error {
	return c.ask(ctx, m, func(ctx context.Context, own *clientv3.Client) error {
		_, err := own.Get(ctx, "health")
		return err
	})
}

// ask asks one member until it has no objection.
func (c *cluster) ask(
	ctx context.Context, m lab.Identity, question func(context.Context, *clientv3.Client) error,
) error {
	own, err := c.lab.Client(ctx, m.Name())
	if err != nil {
		return err
	}
	defer func() { _ = own.Close() }()
	return c.await(ctx, func() error {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		return question(try, own)
	})
}

// complete waits until all are started voters.
func (c *cluster) complete(ctx context.Context) error {
	return c.await(ctx, func() error {
		list, err := c.seed.MemberList(ctx)
		if err != nil {
			return err
		}
		voters := 0
		for _, m := range list.Members {
			if m.Name != "" && !m.IsLearner {
				voters++
			}
		}
		if voters != len(c.lab.Nodes()) {
			return fmt.Errorf("%d members are started voters", voters)
		}
		return nil
	})
}
