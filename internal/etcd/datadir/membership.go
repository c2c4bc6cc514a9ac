package datadir

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxSnap bounds what is read of a snapshot file. It has the members and what the v2 API was told, not the keys of v3.
const maxSnap = 64 << 20

// confState finds out who votes as etcd before 3.5 does, whose database does not say: by the newest snapshot file and
// by the entries after it that were applied. Its database can have members that are none, which "etcdctl snapshot
// restore" of 3.4 and a forced start have left behind (https://etcd.io/blog/2025/zombie_members_upgrade/).
func (s *State) confState(ctx context.Context, files Files) error {
	if s.Log.FirstIndex > s.Log.Snapshot+1 { // what was not read may have changed them
		return nil
	}
	var voters, learners []uint64
	if s.Log.Snapshot != 0 {
		i := slices.IndexFunc(files.Snapshots(), func(name string) bool {
			return slices.Contains(snapsOf([]string{name}), s.Log.Snapshot)
		})
		if i < 0 {
			return nil
		}
		in, err := files.Snapshot(ctx, files.Snapshots()[i])
		if err != nil {
			return err
		}
		defer func() { _ = in.Close() }()
		text, err := io.ReadAll(io.LimitReader(in, maxSnap))
		if err != nil {
			return err
		}
		if voters, learners, err = snapConfState(text); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrDamaged, files.Snapshots()[i], err)
		}
	}
	applied := max(s.Log.Commit, s.Backend.ConsistentIndex) // a change of members alone does not write the latter down
	for _, c := range s.Log.changes {
		if c.index <= s.Log.Snapshot || c.index > applied || c.kind == UpdateMember {
			continue
		}
		is := func(id uint64) bool { return id == c.member }
		voters, learners = slices.DeleteFunc(voters, is), slices.DeleteFunc(learners, is)
		switch c.kind {
		case AddVoter:
			voters = append(voters, c.member)
		case AddLearner:
			learners = append(learners, c.member)
		}
	}
	s.Backend.Voters, s.Backend.Learners = voters, learners
	return nil
}

// snapConfState reads the membership in a snapshot file: a snappb.Snapshot with a raftpb.Snapshot in it.
func snapConfState(text []byte) (voters, learners []uint64, err error) {
	var crc uint64
	var inner, metadata, state []byte
	pick := func(from []byte, number protowire.Number, to *[]byte) error {
		return fields(from, func(n protowire.Number, value uint64, data []byte) {
			switch {
			case n == number && data != nil:
				*to = data
			case n == 1 && data == nil:
				crc = value
			}
		})
	}
	if err := pick(text, 2, &inner); err != nil {
		return nil, nil, err
	}
	if sum := crc32.Checksum(inner, crc32.MakeTable(crc32.Castagnoli)); uint64(sum) != crc {
		return nil, nil, fmt.Errorf("its checksum is %08x, and that of what is in it %08x", crc, sum)
	}
	if err := pick(inner, 2, &metadata); err != nil {
		return nil, nil, err
	}
	if err := pick(metadata, 1, &state); err != nil {
		return nil, nil, err
	}
	err = fields(state, func(n protowire.Number, value uint64, _ []byte) {
		switch n {
		case 1:
			voters = append(voters, value)
		case 2:
			learners = append(learners, value)
		}
	})
	return voters, learners, err
}
