//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
)

// glance is between two looks at something that is waited for.
const glance = 5 * time.Millisecond

// floor recovers three masters with nothing but what etcd itself needs: no Terraform, no SSH, no checks, no copy of the data, no waiting
// beyond each event. Nobody should recover like this; no recovery by these steps can be faster.
type floor struct {
	lab  *lab.Lab
	seed *clientv3.Client
	text map[string][]byte // manifests as they were
}

func recoverFloor(ctx context.Context, l *lab.Lab) (ms milestones, err error) {
	began := time.Now()
	f := &floor{lab: l, text: map[string][]byte{}}
	if f.seed, err = l.Client(ctx, "m1"); err != nil {
		return ms, err
	}
	defer func() { _ = f.seed.Close() }()
	if err := f.stopAll(ctx); err != nil {
		return ms, err
	}
	for _, milestone := range []struct {
		reach func(context.Context) error
		at    *time.Duration
	}{
		{f.force, &ms.forced},
		{f.unforce, &ms.unforced},
		{func(ctx context.Context) error { return f.join(ctx, "m2") }, &ms.second},
		{func(ctx context.Context) error { return f.join(ctx, "m3") }, &ms.third},
		{f.complete, &ms.done},
	} {
		if err := milestone.reach(ctx); err != nil {
			return ms, fmt.Errorf("measuring the floor: %w", err)
		}
		*milestone.at = time.Since(began)
	}
	return ms, nil
}

// stopAll takes all manifests away, and what the failed starts have left on the wiped masters.
func (f *floor) stopAll(ctx context.Context) error {
	for _, m := range f.lab.Masters() {
		text, err := os.ReadFile(manifestOf(m))
		if err != nil {
			return fmt.Errorf("reading a manifest: %w", err)
		}
		f.text[m.Name()] = text
		if err := os.Remove(manifestOf(m)); err != nil {
			return fmt.Errorf("stopping etcd: %w", err)
		}
	}
	for _, m := range f.lab.Masters() {
		if err := gone(ctx, m); err != nil {
			return err
		}
	}
	for _, m := range f.lab.Masters()[1:] {
		if err := m.WipeEtcd(); err != nil {
			return err
		}
	}
	return nil
}

func manifestOf(m lab.Master) string { return m.Path("/etc/kubernetes/manifests/etcd.yaml") }

func gone(ctx context.Context, m lab.Master) error {
	return await(ctx, func() error {
		if len(m.EtcdPIDs()) > 0 {
			return errors.New("etcd still runs on " + m.Name())
		}
		return nil
	})
}

// put starts etcd: written beside the manifest and renamed, for a kubelet must not read half of it.
func put(m lab.Master, text []byte) error {
	hidden := m.Path("/etc/kubernetes/manifests/.etcd.yaml")
	if err := os.WriteFile(hidden, text, 0o600); err != nil {
		return fmt.Errorf("starting etcd: %w", err)
	}
	return os.Rename(hidden, manifestOf(m))
}

func (f *floor) force(ctx context.Context) error {
	m := f.lab.Master("m1")
	text, err := manifest.Force(f.text["m1"])
	if err != nil {
		return err
	}
	if err := put(m, text); err != nil {
		return err
	}
	return f.alone(ctx)
}

func (f *floor) unforce(ctx context.Context) error {
	m := f.lab.Master("m1")
	if err := os.Remove(manifestOf(m)); err != nil {
		return fmt.Errorf("stopping the forced etcd: %w", err)
	}
	if err := gone(ctx, m); err != nil {
		return err
	}
	if err := put(m, f.text["m1"]); err != nil {
		return err
	}
	return f.alone(ctx)
}

// alone waits until the seed is the leader of itself and answers a linearizable read.
func (f *floor) alone(ctx context.Context) error {
	if err := f.reconnect(ctx); err != nil {
		return err
	}
	return await(ctx, func() error {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		s, err := f.seed.Status(try, f.seed.Endpoints()[0])
		if err != nil {
			return err
		}
		if s.Leader != s.Header.MemberId {
			return errors.New("the seed does not lead yet")
		}
		members, err := f.seed.MemberList(try) // linearizable
		if err == nil && len(members.Members) != 1 {
			err = fmt.Errorf("the seed has %d members", len(members.Members))
		}
		return err
	})
}

// reconnect waits for the port with a plain dial, so that no client's back-off is measured.
func (f *floor) reconnect(ctx context.Context) error {
	_ = f.seed.Close()
	if err := listening(ctx, f.lab.Master("m1")); err != nil {
		return err
	}
	var err error
	f.seed, err = f.lab.Client(ctx, "m1")
	return err
}

func listening(ctx context.Context, m lab.Master) error {
	u, err := url.Parse(m.ClientURL())
	if err != nil {
		return fmt.Errorf("the client URL of %s: %w", m.Name(), err)
	}
	return await(ctx, func() error {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", u.Host)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

func (f *floor) join(ctx context.Context, name string) error {
	m := f.lab.Master(name)
	var added *clientv3.MemberAddResponse
	if err := insist(ctx, func() (err error) {
		added, err = f.seed.MemberAddAsLearner(ctx, []string{m.PeerURL()})
		return err
	}); err != nil {
		return err
	}
	var members []manifest.Member
	for _, member := range added.Members {
		if member.Name == "" {
			member.Name = name
		}
		members = append(members, manifest.Member{Name: member.Name, PeerURLs: member.PeerURLs})
	}
	text, err := manifest.Join(f.text[name], manifest.InitialCluster(members))
	if err != nil {
		return err
	}
	if err := put(m, text); err != nil {
		return err
	}
	if err := f.caughtUp(ctx, m); err != nil {
		return err
	}
	return insist(ctx, func() error {
		_, err := f.seed.MemberPromote(ctx, added.Member.ID)
		return err
	})
}

func (f *floor) caughtUp(ctx context.Context, m lab.Master) error {
	if err := listening(ctx, m); err != nil {
		return err
	}
	c, err := f.lab.Client(ctx, m.Name())
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	leader, err := f.seed.Status(ctx, f.seed.Endpoints()[0])
	if err != nil {
		return fmt.Errorf("asking the leader how far it is: %w", err)
	}
	return await(ctx, func() error {
		s, err := c.Status(ctx, c.Endpoints()[0])
		if err == nil && s.RaftAppliedIndex < leader.RaftAppliedIndex {
			err = errors.New(m.Name() + " has not caught up")
		}
		return err
	})
}

// complete waits until all are started voters.
func (f *floor) complete(ctx context.Context) error {
	return await(ctx, func() error {
		list, err := f.seed.MemberList(ctx)
		if err != nil {
			return err
		}
		voters := 0
		for _, m := range list.Members {
			if m.Name != "" && !m.IsLearner {
				voters++
			}
		}
		if voters != len(f.lab.Masters()) {
			return fmt.Errorf("%d members are started voters", voters)
		}
		return nil
	})
}

// await looks until nothing is in the way any more.
func await(ctx context.Context, look func() error) error {
	return retry(ctx, glance, func(error) bool { return true }, look)
}

// insist repeats a change of the members until etcd finds itself fit for it.
func insist(ctx context.Context, change func() error) error {
	return retry(ctx, 10*time.Millisecond, func(err error) bool {
		return errors.Is(err, rpctypes.ErrUnhealthy) || errors.Is(err, rpctypes.ErrMemberNotEnoughStarted) || errors.Is(err, rpctypes.ErrMemberLearnerNotReady)
	}, change)
}

func retry(ctx context.Context, every time.Duration, passes func(error) bool, f func() error) error {
	for {
		err := f()
		if err == nil || !passes(err) {
			return err
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", err, ctx.Err())
		}
	}
}
