package etcd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Member is an entry of the cluster's member list.
type Member struct {
	ID       ID
	Name     string // empty until it has started for the first time
	PeerURLs []string
	Learner  bool
}

// Started tells whether the member has ever published itself.
func (m Member) Started() bool { return m.Name != "" }

// Label is what to call the member: its name, or its ID where it has none yet.
func (m Member) Label() string {
	if m.Name == "" {
		return m.ID.String()
	}
	return m.Name
}

// Members lists the members as a quorum knows them.
func (c *Client) Members(ctx context.Context) ([]Member, error) {
	return c.members(ctx)
}

// MembersSeen lists the members as this one alone knows them, which needs no quorum (etcd 3.5 and later).
func (c *Client) MembersSeen(ctx context.Context) ([]Member, error) {
	return c.members(ctx, clientv3.WithSerializable())
}

func (c *Client) members(ctx context.Context, opts ...clientv3.OpOption) ([]Member, error) {
	r, err := c.client.MemberList(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("member list at %s: %w", c.url, err)
	}
	return members(r.Members), nil
}

func members(list []*etcdserverpb.Member) []Member {
	var all []Member
	for _, m := range list {
		all = append(all, Member{ID: ID(m.ID), Name: m.Name, PeerURLs: m.PeerURLs, Learner: m.IsLearner})
	}
	return all
}

// AddLearner adds a member that does not vote yet, and returns its entry and the whole list.
func (c *Client) AddLearner(ctx context.Context, peerURLs []string) (Member, []Member, error) {
	r, err := c.client.MemberAddAsLearner(ctx, peerURLs)
	if err != nil {
		return Member{}, nil, fmt.Errorf("member add --learner: %w", err)
	}
	return members([]*etcdserverpb.Member{r.Member})[0], members(r.Members), nil
}

// Promote makes a learner a voter.
func (c *Client) Promote(ctx context.Context, id ID) error {
	if _, err := c.client.MemberPromote(ctx, uint64(id)); err != nil {
		return fmt.Errorf("member promote %s: %w", id, err)
	}
	return nil
}

// Remove takes a member out of the cluster.
func (c *Client) Remove(ctx context.Context, id ID) error {
	if _, err := c.client.MemberRemove(ctx, uint64(id)); err != nil {
		return fmt.Errorf("member remove %s: %w", id, err)
	}
	return nil
}

// UpdatePeerURLs corrects the recorded peer URLs of a voter. Never used on a learner, which it promotes before 3.5.31
// and 3.6.12 (etcd-io/etcd#21737).
func (c *Client) UpdatePeerURLs(ctx context.Context, id ID, peerURLs []string) error {
	if _, err := c.client.MemberUpdate(ctx, uint64(id), peerURLs); err != nil {
		return fmt.Errorf("member update %s: %w", id, err)
	}
	return nil
}

// Transient tells which refusals of a membership change pass by themselves: the strict reconfiguration check wants
// peers connected for 5 s (etcd's HealthInterval), a learner needs to catch up, a leader has to be elected.
func Transient(err error) bool {
	return slices.ContainsFunc([]error{
		rpctypes.ErrUnhealthy,
		rpctypes.ErrMemberNotEnoughStarted,
		rpctypes.ErrMemberLearnerNotReady,
		rpctypes.ErrNoLeader,
		rpctypes.ErrNotLeader,
		rpctypes.ErrLeaderChanged,
		rpctypes.ErrTimeout,
		rpctypes.ErrTimeoutDueToLeaderFail,
		rpctypes.ErrTimeoutDueToConnectionLost,
		rpctypes.ErrStopped,
		rpctypes.ErrTimeoutWaitAppliedIndex,
		rpctypes.ErrFutureRev,
	}, func(e error) bool { return errors.Is(err, e) })
}

// Refusals that a caller answers by looking at the member list again.
func IsPeerURLExists(err error) bool   { return errors.Is(err, rpctypes.ErrPeerURLExist) }
func IsTooManyLearners(err error) bool { return errors.Is(err, rpctypes.ErrTooManyLearners) }
func IsAlreadyPromoted(err error) bool { return errors.Is(err, rpctypes.ErrMemberNotLearner) }
func IsMemberNotFound(err error) bool  { return errors.Is(err, rpctypes.ErrMemberNotFound) }

// Retry calls f until it succeeds, fails for good, or the context ends; then it gives f's last error. It asks ten times
// a second: each call is one small request to a member that has nothing else to do.
func Retry(ctx context.Context, passes func(error) bool, f func(context.Context) error) error {
	for {
		err := f(ctx)
		if err == nil || !passes(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", err, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}
