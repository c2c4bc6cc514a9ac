// Package datadir reads what a member that does not run has on its disk, without starting it and without changing a byte. Of the database it
// reads single pages, wherever that is; of the write-ahead log the segments with which etcd would begin.
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
	// Segments are the names of the files in the log's folder, and Snapshots of those beside the database.
	Segments() []string
	Snapshots() []string
	// Segment opens one.
	Segment(ctx context.Context, name string) (io.ReadCloser, error)
	// Reader is of the database.
	Reader
}

// maxSegment bounds what is read of a segment. Etcd begins another one at 64 MB.
const maxSegment = 1 << 30

// State is what a stopped member has.
type State struct {
	Log     Log
	Backend Backend
}

// Read reads it. The error is ErrDamaged where etcd would not start with it, or not with all of it.
func Read(ctx context.Context, files Files) (*State, error) {
	log, err := readLog(ctx, files)
	if err != nil {
		return nil, fmt.Errorf("the write-ahead log: %w", err)
	}
	backend, err := readBackend(ctx, files)
	if err != nil {
		return nil, fmt.Errorf("the database: %w", err)
	}
	return &State{Log: *log, Backend: *backend}, nil
}

// segment is the name of one: its number, and the index of its first entry.
type segment struct {
	name         string
	number, from uint64
}

// readLog reads the segments from the newest snapshot on.
func readLog(ctx context.Context, files Files) (*Log, error) {
	snapshot := newest(files.Snapshots())
	segments, err := wanted(files.Segments(), snapshot)
	if err != nil {
		return nil, err
	}
	l := &logReader{}
	for i, s := range segments {
		if err := func() error {
			in, err := files.Segment(ctx, s.name)
			if err != nil {
				return err
			}
			defer func() { _ = in.Close() }()
			return l.segment(io.LimitReader(in, maxSegment), i == len(segments)-1)
		}(); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if l.MemberID == 0 {
		return nil, fmt.Errorf("%w: it does not say whose it is", ErrDamaged)
	}
	if from, has := segments[0].from, max(snapshot, l.Snapshot); from > has+1 {
		return nil, fmt.Errorf("%w: it begins with entry %d, and the newest snapshot ends with entry %d", ErrDamaged, from, has)
	}
	return &l.Log, nil
}

// newest is the index of the newest of these files, 0 where there is none. Etcd 3.7 makes none any more.
func newest(snapshots []string) uint64 {
	var index uint64
	for _, name := range snapshots { // term-index.snap
		if _, hex, ok := strings.Cut(strings.TrimSuffix(name, ".snap"), "-"); ok && strings.HasSuffix(name, ".snap") {
			if i, err := strconv.ParseUint(hex, 16, 64); err == nil {
				index = max(index, i)
			}
		}
	}
	return index
}

// wanted are the segments that etcd reads: all from the one that has the entry behind the newest snapshot.
func wanted(files []string, snapshot uint64) ([]segment, error) {
	var all []segment
	for _, name := range files {
		var s segment
		number, from, ok := strings.Cut(strings.TrimSuffix(name, ".wal"), "-")
		if !ok || !strings.HasSuffix(name, ".wal") {
			continue // .tmp is one that is being made, .broken one that etcd has repaired
		}
		var err1, err2 error
		s.name = name
		s.number, err1 = strconv.ParseUint(number, 16, 64)
		s.from, err2 = strconv.ParseUint(from, 16, 64)
		if err1 == nil && err2 == nil {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: it has no segment", ErrDamaged)
	}
	slices.SortFunc(all, func(a, b segment) int { return strings.Compare(a.name, b.name) })
	for len(all) > 1 && all[1].from <= snapshot {
		all = all[1:]
	}
	for i := 1; i < len(all); i++ {
		if all[i].number != all[i-1].number+1 {
			return nil, fmt.Errorf("%w: %s follows %s, and what was between them is missing", ErrDamaged, all[i].name, all[i-1].name)
		}
	}
	return all, nil
}
