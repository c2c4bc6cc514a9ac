package etcd

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
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
	Errors                      []string `json:",omitempty"` // what is wrong, in etcd's own words: alarms too
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
		DBBytes: r.DbSize, Learner: r.IsLearner, Errors: r.Errors,
	}, nil
}

// alarm is how a status prints one: the text form of etcdserverpb.AlarmMember, whose spaces differ between versions. A
// member ID of 0 is left out.
var alarm = regexp.MustCompile(`^(?:memberID:(\d+)\s+)?alarm:(\w+)\s*$`)

// Alarms lists the alarms that the member knows of, as Client.Alarms does, and what else it says is wrong. They are a
// part of every status since etcd 3.4. To ask for them would add an entry to the log of every member.
func (s Status) Alarms() []string {
	var alarms []string
	for _, e := range s.Errors {
		if e == noLeader {
			continue
		}
		if m := alarm.FindStringSubmatch(e); m != nil {
			id, _ := strconv.ParseUint(m[1], 10, 64)
			e = alarmText(m[2], ID(id))
		}
		alarms = append(alarms, e)
	}
	return alarms
}

// noLeader is etcdserver's ErrNoLeader, which Leader says as well.
const noLeader = "etcdserver: no leader"

// AlarmText returns how an alarm is called that was found on disk; kind is the number of its etcdserverpb.AlarmType.
func AlarmText(kind int32, member ID) string {
	return alarmText(etcdserverpb.AlarmType(kind).String(), member)
}

func alarmText(kind string, member ID) string { return fmt.Sprintf("%s (member %s)", kind, member) }

// Quorum makes a linearizable read, which only a quorum can answer. It also proves one where it is refused for want of
// a user, see NeedsUser.
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

// NeedsUser tells from a failed call that authentication is enabled, and that the user is missing or may not. In a
// linearizable read the server looks for that only when a quorum has confirmed its read index and it has applied all up
// to there (EtcdServer.Range in etcdserver/v3_server.go, 3.4 to 3.7: linearizableReadNotify, then doSerialize).
func NeedsUser(err error) bool {
	return slices.ContainsFunc([]error{
		rpctypes.ErrUserEmpty,
		rpctypes.ErrUserNotFound, // of the name in the client certificate
		rpctypes.ErrPermissionDenied,
		rpctypes.ErrAuthOldRevision,
		rpctypes.ErrInvalidAuthToken,
	}, func(e error) bool { return errors.Is(err, e) })
}

// Alarms asks the cluster for the alarms that are raised: member and kind. That goes through Raft, so it adds an entry
// to the log of every member; Status.Alarms does not.
func (c *Client) Alarms(ctx context.Context) ([]string, error) {
	r, err := c.client.AlarmList(ctx)
	if err != nil {
		return nil, fmt.Errorf("alarms at %s: %w", c.url, err)
	}
	var alarms []string
	for _, a := range r.Alarms {
		if a.Alarm != etcdserverpb.AlarmType_NONE {
			alarms = append(alarms, alarmText(a.Alarm.String(), ID(a.MemberID)))
		}
	}
	return alarms, nil
}
