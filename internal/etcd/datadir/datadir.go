// Package datadir reads what a member that does not run has on its disk, without starting it and without changing a
// byte. Of the database it reads single pages; of the write-ahead log the newest segments.
package datadir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// ErrDamaged is data that etcd could not have written, or could not start with.
var ErrDamaged = errors.New("damaged")

// Files is a stopped member's data folder.
type Files interface {
	// Segments are the names of the files in the log's folder, and Snapshots of the .snap and .snap.db files beside the
	// database.
	Segments() []string
	Snapshots() []string
	// Segment opens one of the former, and Snapshot one of the latter.
	Segment(ctx context.Context, name string) (io.ReadCloser, error)
	Snapshot(ctx context.Context, name string) (io.ReadCloser, error)
	// Reader is of the database.
	Reader
}

// maxSegment bounds what is read of a segment. Etcd begins another one at 64 MB.
const maxSegment = 1 << 30

// maxSegments bounds how many are read: 128 MB, compressed on the way. Etcd 3.6 and 3.7 need the last 10,000 entries or
// so, which fit into that in most clusters; 3.5 needs up to 100,000.
const maxSegments = 2

// State is what a stopped member has.
type State struct {
	Log     Log
	Backend Backend
}

// Read reads it. The error is ErrDamaged where etcd would not start with it, or not with all of it. Etcd before 3.7
// begins with a snapshot file, of which there is one as soon as the log does not begin with the first entry;
// snapshotFiles says that it is such an etcd.
func Read(ctx context.Context, files Files, snapshotFiles bool) (*State, error) {
	backend, err := readBackend(ctx, files)
	if err != nil {
		return nil, fmt.Errorf("the database: %w", err)
	}
	log, err := readLog(ctx, files, snapshotFiles, backend.ConsistentIndex)
	if err != nil {
		return nil, fmt.Errorf("the write-ahead log: %w", err)
	}
	s := &State{Log: *log, Backend: *backend}
	if len(backend.Voters) == 0 {
		if err := s.confState(ctx, files); err != nil {
			return s, err
		}
	}
	return s, s.check(files.Snapshots())
}

// ReadLog reads the log alone, with all that was not applied to the database up to an entry.
func ReadLog(ctx context.Context, files Files, snapshotFiles bool, applied uint64) (*Log, error) {
	return readLog(ctx, files, snapshotFiles, applied)
}

// ReadFrom reads the log from an entry on, of a member that may write to it meanwhile; nil where that is not in the
// last segments any more, or the log is an old one, which has lost its first segment.
func ReadFrom(ctx context.Context, files Files, index uint64) (*Log, error) {
	segments, err := segmentsOf(files.Segments())
	if err != nil {
		return nil, err
	}
	if segments[0].number != 0 {
		return nil, nil
	}
	segments = segments[max(0, len(segments)-maxSegments):]
	later := slices.IndexFunc(segments, func(s segment) bool { return s.from > index })
	switch later {
	case -1:
		segments = segments[len(segments)-1:]
	case 0:
		return nil, nil
	default:
		segments = segments[later-1:]
	}
	var pieces []*piece
	for i, s := range segments {
		p, err := openSegment(ctx, files, s.name, i == len(segments)-1)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		pieces = append(pieces, p)
	}
	return join(pieces, snapsOf(files.Snapshots()), false)
}

// check holds log and database against each other.
func (s *State) check(snapshots []string) error {
	commit, last, applied, snapshot := s.Log.Commit, s.Log.LastIndex, s.Backend.ConsistentIndex, s.Log.Snapshot
	switch {
	case commit > last:
		return fmt.Errorf(
			"%w: the log ends with entry %d, and says that entry %d was committed",
			ErrDamaged,
			last,
			commit,
		)
	case applied > last:
		return fmt.Errorf(
			"%w: the log ends with entry %d, and entry %d was applied to the database: the end of the log is missing",
			ErrDamaged,
			last,
			applied,
		)
	case applied < snapshot && slices.Contains(snapshots, fmt.Sprintf("%016x.snap.db", snapshot)):
		return fmt.Errorf(
			"the leader's snapshot %016x.snap.db has not taken the place of the database yet; etcd does that at its "+
				"next start",
			snapshot,
		)
	case applied != 0 && applied < snapshot: // 0 is a database of before etcd 3.0
		return fmt.Errorf(
			"%w: the database ends with entry %d, and the snapshot with entry %d",
			ErrDamaged,
			applied,
			snapshot,
		)
	}
	return nil
}

// segment is the name of one: its number, and the index of its first entry.
type segment struct {
	name         string
	number, from uint64
}

// readLog reads the newest segment, and those before it as far as etcd needs them; but no more than maxSegments, if
// those have all that was not applied to the database yet. Of the others only the names are checked then.
func readLog(ctx context.Context, files Files, snapshotFiles bool, applied uint64) (*Log, error) {
	segments, err := segmentsOf(files.Segments())
	if err != nil {
		return nil, err
	}
	snaps := snapsOf(files.Snapshots())
	var pieces []*piece
	var log *Log
	for i := len(segments) - 1; i >= 0; i-- {
		s := segments[i]
		if i < len(segments)-1 && s.number+1 != segments[i+1].number {
			return nil, fmt.Errorf(
				"%w: %s follows %s, and what was between them is missing",
				ErrDamaged,
				segments[i+1].name,
				s.name,
			)
		}
		if enough := len(pieces) >= maxSegments && log.FirstIndex != 0 && log.FirstIndex <= applied+1; !enough {
			p, err := openSegment(ctx, files, s.name, i == len(segments)-1)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			pieces = append([]*piece{p}, pieces...)
			if log, err = join(pieces, snaps, snapshotFiles); err != nil {
				return nil, err
			}
		}
		if s.from <= log.Snapshot || i == 0 {
			log.Unchecked = len(segments) - len(pieces)
			return log, begins(s, log, snapshotFiles)
		}
	}
	return nil, fmt.Errorf("%w: it has no segment", ErrDamaged)
}

// begins tells whether etcd can begin with a segment.
func begins(s segment, l *Log, snapshotFiles bool) error {
	switch {
	case l.MemberID == 0:
		return fmt.Errorf("%w: it does not say whose it is", ErrDamaged)
	case s.from <= l.Snapshot:
		return nil
	case snapshotFiles:
		return fmt.Errorf(
			"%w: it begins with entry %d, and the newest .snap file ends with entry %d",
			ErrDamaged,
			s.from,
			l.Snapshot,
		)
	case l.Unchecked > 0: // the record of the snapshot may be in what was not read
		return nil
	}
	return fmt.Errorf(
		"%w: it begins with entry %d, and the newest snapshot ends with entry %d",
		ErrDamaged,
		s.from,
		l.Snapshot,
	)
}

func openSegment(ctx context.Context, files Files, name string, last bool) (*piece, error) {
	in, err := files.Segment(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	return readSegment(io.LimitReader(in, maxSegment), last)
}

// snapsOf are the indexes of the .snap files among these, in their order. Etcd 3.7 still makes them, and does not read
// them.
func snapsOf(files []string) []uint64 {
	var all []uint64
	for _, name := range files { // term-index.snap
		if _, hex, ok := strings.Cut(strings.TrimSuffix(name, ".snap"), "-"); ok && strings.HasSuffix(name, ".snap") {
			if i, err := strconv.ParseUint(hex, 16, 64); err == nil {
				all = append(all, i)
			}
		}
	}
	slices.Sort(all)
	return all
}

// segmentsOf are the segments among the files, in their order: .tmp is one that is being made, .broken one that etcd
// has repaired.
func segmentsOf(files []string) ([]segment, error) {
	var all []segment
	for _, name := range files {
		number, from, ok := strings.Cut(strings.TrimSuffix(name, ".wal"), "-")
		if !ok || !strings.HasSuffix(name, ".wal") {
			continue
		}
		s := segment{name: name}
		var err1, err2 error
		s.number, err1 = strconv.ParseUint(number, 16, 64)
		s.from, err2 = strconv.ParseUint(from, 16, 64)
		if err1 == nil && err2 == nil {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b segment) int { return strings.Compare(a.name, b.name) })
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: it has no segment", ErrDamaged)
	}
	return all, nil
}
