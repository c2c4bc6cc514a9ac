package etcd

import (
	"context"
	"fmt"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// ID is a member or cluster ID. Etcd prints it in hex.
type ID uint64

func (id ID) String() string { return fmt.Sprintf("%x", uint64(id)) }

// Status is what a member says of itself. It answers without a quorum too.
type Status struct {
	ClusterID, MemberID, Leader ID
	Version                     string
	Revision                    int64
	RaftTerm                    uint64
	RaftIndex                   uint64 // commit index
	AppliedIndex                uint64
	DBBytes                     int64
	Learner                     bool
}

// Status asks the member for its own view.
func (c *Client) Status(ctx context.Context) (Status, error) {
	r, err := c.client.Status(ctx, c.url)
	if err != nil {
		return Status{}, fmt.Errorf("status of %s: %w", c.url, err)
	}
	return Status{
		ClusterID: ID(r.Header.ClusterId), MemberID: ID(r.Header.MemberId), Leader: ID(r.Leader),
		Version: r.Version, Revision: r.Header.Revision,
		RaftTerm: r.RaftTerm, RaftIndex: r.RaftIndex, AppliedIndex: r.RaftAppliedIndex,
		DBBytes: r.DbSize, Learner: r.IsLearner,
	}, nil
}

// Quorum makes a linearizable read, which only a quorum can answer.
func (c *Client) Quorum(ctx context.Context) error {
	if _, err := c.client.Get(ctx, "\x00", clientv3.WithCountOnly()); err != nil {
		return fmt.Errorf("linearizable read at %s: %w", c.url, err)
	}
	return nil
}

// Hash is the hash of the member's keys up to a revision, as HashKV computes it. Two hashes compare only at one
// revision and one compact revision.
type Hash struct {
	Value                     uint32
	Revision, CompactRevision int64
}

// Hash computes the hash at a revision on this member, or at its own where that is 0; it answers for itself.
func (c *Client) Hash(ctx context.Context, revision int64) (Hash, error) {
	r, err := c.client.HashKV(ctx, c.url, revision)
	if err != nil {
		return Hash{}, fmt.Errorf("hash of %s at revision %d: %w", c.url, revision, err)
	}
	if revision == 0 {
		revision = r.Header.Revision
	}
	return Hash{Value: r.Hash, Revision: revision, CompactRevision: r.CompactRevision}, nil
}

// Alarms lists the alarms that are raised: member and kind.
func (c *Client) Alarms(ctx context.Context) ([]string, error) {
	r, err := c.client.AlarmList(ctx)
	if err != nil {
		return nil, fmt.Errorf("alarms at %s: %w", c.url, err)
	}
	var alarms []string
	for _, a := range r.Alarms {
		if a.Alarm != etcdserverpb.AlarmType_NONE {
			alarms = append(alarms, fmt.Sprintf("%s (member %s)", a.Alarm, ID(a.MemberID)))
		}
	}
	return alarms, nil
}
