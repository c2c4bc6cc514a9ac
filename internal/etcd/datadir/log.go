package datadir

import (
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"
)

// Log is what a member's write-ahead log says.
type Log struct {
	MemberID, ClusterID uint64
	Term, Vote, Commit  uint64 // HardState, as far as it was written down
	FirstIndex          uint64 // of the entries that were read; 0 where there is none
	LastIndex, LastTerm uint64 // of the last entry; where there is none, of the last snapshot
	Snapshot            uint64 // index of the newest one that the log speaks of
	Torn                bool   // the last record is not whole; etcd drops it at its next start
}

// logReader reads segments in their order.
type logReader struct {
	Log
	crc   uint32
	begun bool
}

// segment reads one. Only the last one may end in a torn record.
func (l *logReader) segment(in io.Reader, last bool) error {
	f := newFrames(in, l.crc, l.begun)
	for {
		r, err := f.next()
		l.crc, l.begun = f.crc, f.any
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errTorn) && last:
			l.Torn = true
			return nil
		case errors.Is(err, errTorn):
			return fmt.Errorf("%w: %w, and it is not the last segment", ErrDamaged, err)
		case err != nil:
			return err
		}
		if err := l.take(r); err != nil {
			return fmt.Errorf("%w: the record at byte %d: %w", ErrDamaged, r.at, err)
		}
	}
}

func (l *logReader) take(r record) error {
	switch r.kind {
	case metadataRecord:
		return l.metadata(r.data)
	case entryRecord:
		return l.entry(r.data)
	case stateRecord:
		return fields(r.data, func(number protowire.Number, value uint64, _ []byte) { // raftpb.HardState
			switch number {
			case 1:
				l.Term = value
			case 2:
				l.Vote = value
			case 3:
				l.Commit = value
			}
		})
	case snapshotRecord:
		index, term, err := two(r.data, 1, 2) // walpb.Snapshot
		if err != nil {
			return err
		}
		l.Snapshot = max(l.Snapshot, index)
		if index > l.LastIndex { // it came from the leader, with all that is before it
			l.LastIndex, l.LastTerm = index, term
		}
	case crcRecord:
	default:
		return fmt.Errorf("a kind that is not known, %d", r.kind)
	}
	return nil
}

func (l *logReader) metadata(b []byte) error {
	member, cluster, err := two(b, 1, 2) // etcdserverpb.Metadata
	if err != nil {
		return err
	}
	if l.MemberID != 0 && (l.MemberID != member || l.ClusterID != cluster) {
		return fmt.Errorf("it is member %x of cluster %x, and the log before is that of member %x of cluster %x", member, cluster, l.MemberID, l.ClusterID)
	}
	l.MemberID, l.ClusterID = member, cluster
	return nil
}

// two reads two numbers of a message.
func two(b []byte, first, second protowire.Number) (x, y uint64, err error) {
	err = fields(b, func(number protowire.Number, value uint64, _ []byte) {
		switch number {
		case first:
			x = value
		case second:
			y = value
		}
	})
	return x, y, err
}

// entry takes an entry. One with an index that was there before takes the place of that one and of all after it.
func (l *logReader) entry(b []byte) error {
	term, index, err := two(b, 2, 3) // raftpb.Entry
	if err != nil {
		return err
	}
	if l.FirstIndex != 0 && index > l.LastIndex+1 {
		return fmt.Errorf("entry %d follows entry %d", index, l.LastIndex)
	}
	if l.FirstIndex == 0 || index < l.FirstIndex {
		l.FirstIndex = index
	}
	l.LastIndex, l.LastTerm = index, term
	return nil
}
