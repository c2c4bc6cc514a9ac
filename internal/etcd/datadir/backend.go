package datadir

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// Backend is what a member's database says (etcd, server/storage/schema).
type Backend struct {
	ConsistentIndex uint64 // of the last entry that was applied to it
	Term            uint64 // of that entry; 0 before etcd 3.5
	Revision        int64  // of the last key that was written, or of the last compaction; 1 where nothing ever was
	StorageVersion  string // "" before etcd 3.6
	ClusterVersion  string
	Voters          []uint64 // as the last membership change left them; none before etcd 3.5
	Learners        []uint64
	Members         []Member
	Removed         []uint64 // members that were removed
	Alarms          []Alarm  // that are raised
	Auth            bool     // etcd asks for a user
	OneMeta         bool     // one of the two pages with which the database begins is not whole; etcd goes by the other
}

// Member is one that the database knows.
type Member struct {
	ID       uint64
	Name     string
	PeerURLs []string
	Learner  bool
}

// Alarm is one that a member has raised. Kind is the number of an etcdserverpb.AlarmType.
type Alarm struct {
	Member uint64
	Kind   int32
}

// maxItems bounds what is read of members, past and present, of their alarms, and of the settings of a database.
const maxItems = 1000

// readBackend reads the database of a member that does not run.
func readBackend(ctx context.Context, file Reader) (*Backend, error) {
	b, err := openBolt(ctx, file)
	if err != nil {
		return nil, err
	}
	out := Backend{OneMeta: b.one, Revision: 1}
	for _, bucket := range []struct {
		name string
		read func(context.Context, *bolt, *page) error
	}{
		{"meta", out.meta},
		{"cluster", out.cluster},
		{"members", out.members},
		{"members_removed", out.removed},
		{"alarm", out.alarms},
		{"auth", out.auth},
		{"key", out.revision},
	} {
		p, err := b.bucket(ctx, bucket.name)
		if err != nil {
			return nil, err
		}
		if p == nil {
			continue // a member that has hardly begun
		}
		if err := bucket.read(ctx, b, p); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

func (o *Backend) meta(ctx context.Context, b *bolt, p *page) error {
	items, err := b.all(ctx, p)
	if err != nil {
		return err
	}
	for _, it := range items {
		switch string(it.key) {
		case "consistent_index", "term":
			if len(it.value) != 8 {
				return fmt.Errorf("%w: %s has %d bytes", ErrDamaged, it.key, len(it.value))
			}
			value := binary.BigEndian.Uint64(it.value)
			if string(it.key) == "term" {
				o.Term = value
			} else {
				o.ConsistentIndex = value
			}
		case "finishedCompactRev", "scheduledCompactRev":
			if len(it.value) < 8 {
				return fmt.Errorf("%w: %s has %d bytes", ErrDamaged, it.key, len(it.value))
			}
			o.Revision = max(o.Revision, int64(binary.BigEndian.Uint64(it.value)))
		case "storageVersion":
			o.StorageVersion = string(it.value)
		case "confState":
			var state struct {
				Voters   []uint64 `json:"voters"`
				Learners []uint64 `json:"learners"`
			}
			if err := json.Unmarshal(it.value, &state); err != nil {
				return fmt.Errorf("%w: confState: %w", ErrDamaged, err)
			}
			o.Voters, o.Learners = state.Voters, state.Learners
		}
	}
	return nil
}

func (o *Backend) cluster(ctx context.Context, b *bolt, p *page) error {
	it, err := b.get(ctx, p, "clusterVersion")
	if err == nil && it != nil {
		o.ClusterVersion = string(it.value)
	}
	return err
}

// auth reads whether etcd asks for a user (server/storage/schema/auth.go).
func (o *Backend) auth(ctx context.Context, b *bolt, p *page) error {
	it, err := b.get(ctx, p, "authEnabled")
	o.Auth = err == nil && it != nil && bytes.Equal(it.value, []byte{1})
	return err
}

func (o *Backend) members(ctx context.Context, b *bolt, p *page) error {
	items, err := b.all(ctx, p)
	if err != nil {
		return err
	}
	for _, it := range items {
		var m struct {
			PeerURLs  []string `json:"peerURLs"`
			IsLearner bool     `json:"isLearner"`
			Name      string   `json:"name"`
		}
		id, err := memberID(it.key)
		if err == nil {
			err = json.Unmarshal(it.value, &m)
		}
		if err != nil {
			return fmt.Errorf("%w: the member %q: %w", ErrDamaged, it.key, err)
		}
		o.Members = append(o.Members, Member{ID: id, Name: m.Name, PeerURLs: m.PeerURLs, Learner: m.IsLearner})
	}
	return nil
}

func (o *Backend) removed(ctx context.Context, b *bolt, p *page) error {
	items, err := b.all(ctx, p)
	if err != nil {
		return err
	}
	for _, it := range items {
		id, err := memberID(it.key)
		if err != nil {
			return fmt.Errorf("%w: the removed member %q: %w", ErrDamaged, it.key, err)
		}
		o.Removed = append(o.Removed, id)
	}
	return nil
}

// alarms are the keys of their bucket, each an etcdserverpb.AlarmMember. An alarm is raised until it is disarmed,
// whatever becomes of its member.
func (o *Backend) alarms(ctx context.Context, b *bolt, p *page) error {
	items, err := b.all(ctx, p)
	if err != nil {
		return err
	}
	for _, it := range items {
		member, kind, err := two(it.key, 1, 2)
		if err != nil {
			return fmt.Errorf("%w: the alarm %x: %w", ErrDamaged, it.key, err)
		}
		if kind != 0 {
			o.Alarms = append(o.Alarms, Alarm{Member: member, Kind: int32(kind)})
		}
	}
	return nil
}

// Voter, and Learner, tell what a member is. What counts is confState, which etcd keeps since 3.5: a promotion may
// never have reached the flag of the member itself (fixed in 3.5.24 and 3.6.4).
func (o *Backend) Voter(id uint64) bool {
	if len(o.Voters) > 0 {
		return slices.Contains(o.Voters, id)
	}
	return slices.ContainsFunc(o.Members, func(m Member) bool { return m.ID == id && !m.Learner }) &&
		!slices.Contains(o.Removed, id)
}

// Learner tells of one that has no vote.
func (o *Backend) Learner(id uint64) bool {
	if len(o.Voters) > 0 {
		return slices.Contains(o.Learners, id)
	}
	return slices.ContainsFunc(o.Members, func(m Member) bool { return m.ID == id && m.Learner }) &&
		!slices.Contains(o.Removed, id)
}

// memberID reads the key of a member, its ID in hex.
func memberID(key []byte) (uint64, error) { return strconv.ParseUint(string(key), 16, 64) }

// revision is that of the last key: its first 8 bytes.
func (o *Backend) revision(ctx context.Context, b *bolt, p *page) error {
	key, err := b.last(ctx, p)
	if err != nil || key == nil {
		return err
	}
	if len(key) < 8 {
		return fmt.Errorf("%w: a key of %d bytes", ErrDamaged, len(key))
	}
	o.Revision = max(o.Revision, int64(binary.BigEndian.Uint64(key)))
	return nil
}
