package datadir

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"sort"

	"google.golang.org/protobuf/encoding/protowire"
)

// Log is what a member's write-ahead log says.
type Log struct {
	MemberID, ClusterID uint64
	Term, Vote, Commit  uint64 // HardState, as far as it was written down
	FirstIndex          uint64 // of the entries that were read; 0 where there is none
	LastIndex, LastTerm uint64 // of the last entry; where there is none, of the last snapshot
	Snapshot            uint64 // index of the newest one with which etcd can begin
	Terms               []Term // of the entries that were read
	Torn                bool   // the last record is not whole; etcd drops it at its next start
	Unchecked           int    // older segments that were not read; they have nothing new

	writes, puts []uint64 // the entries that may have made a revision, and those of them that have, in their order
	sums         []uint64 // of what is in each entry, from FirstIndex on
	changes      []change // of the membership
}

// ChangeKind is what an entry does to a member (go.etcd.io/raft, raftpb.ConfChangeType).
type ChangeKind uint64

const (
	AddVoter ChangeKind = iota // or promote a learner
	RemoveMember
	UpdateMember // which keeps its vote, or has none
	AddLearner
)

type change struct {
	index, member uint64
	kind          ChangeKind
}

// LastChange returns what the entries after one and up to another do to a member at last; false where they do nothing.
func (l *Log) LastChange(member, after, upTo uint64) (kind ChangeKind, found bool) {
	for _, c := range l.changes {
		if c.member == member && c.index > after && c.index <= upTo && c.kind != UpdateMember {
			kind, found = c.kind, true
		}
	}
	return kind, found
}

// Added returns whom the entries after one and up to another leave as members who are none of these.
func (l *Log) Added(members []uint64, after, upTo uint64) []uint64 {
	var added []uint64
	for _, c := range l.changes {
		if slices.Contains(members, c.member) || slices.Contains(added, c.member) {
			continue
		}
		if kind, found := l.LastChange(c.member, after, upTo); found && kind != RemoveMember {
			added = append(added, c.member)
		}
	}
	return added
}

// Term says from which entry on a term was in force.
type Term struct{ From, Term uint64 }

// TermOf gives the term of an entry, 0 where it is not among those that were read.
func (l *Log) TermOf(index uint64) uint64 {
	if index < l.FirstIndex || index > l.LastIndex {
		return 0
	}
	i := sort.Search(len(l.Terms), func(i int) bool { return l.Terms[i].From > index })
	if i == 0 {
		return 0
	}
	return l.Terms[i-1].Term
}

// SumOf returns a checksum of what is in an entry, 0 where that is nothing, or the entry is not among those that were
// read. Members have the same bytes at one index and term, unless they are of different histories.
func (l *Log) SumOf(index uint64) uint64 {
	if i := index - l.FirstIndex; index >= l.FirstIndex && i < uint64(len(l.sums)) {
		return l.sums[i]
	}
	return 0
}

// sumOf returns a checksum of an entry's bytes, 0 where there are none.
func sumOf(data []byte) uint64 {
	if len(data) == 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write(data)
	return h.Sum64()
}

// Writes is how many revisions the entries after one and up to another have made, at least and at most. A put makes one
// (but where it fails, as without space), a transaction or a deletion one at most.
func (l *Log) Writes(after, upTo uint64) (least, most int64) {
	return between(l.puts, after, upTo), between(l.writes, after, upTo)
}

func between(indexes []uint64, after, upTo uint64) int64 {
	upToHere := func(index uint64) int {
		return sort.Search(len(indexes), func(i int) bool { return indexes[i] > index })
	}
	return int64(max(0, upToHere(upTo)-upToHere(after)))
}

// position is an entry's.
type position struct{ index, term uint64 }

// piece is what one segment has.
type piece struct {
	Log
	began, ended uint32 // the running checksum
	hasState     bool
	snapshots    []position
}

// readSegment reads one. Only the last one of a log may end in a torn record.
func readSegment(in io.Reader, last bool) (*piece, error) {
	p := &piece{}
	f := newFrames(in)
	for {
		r, err := f.next()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, errTorn) && last:
			p.Torn = errors.Is(err, errTorn)
			p.began, p.ended = f.began, f.crc
			return p, nil
		case errors.Is(err, errTorn):
			return nil, fmt.Errorf("%w: %w, and it is not the last segment", ErrDamaged, err)
		case err != nil:
			return nil, err
		}
		if err := p.take(r); err != nil {
			return nil, fmt.Errorf("%w: the record at byte %d: %w", ErrDamaged, r.at, err)
		}
	}
}

func (p *piece) take(r record) error {
	switch r.kind {
	case metadataRecord:
		return p.metadata(r.data)
	case entryRecord:
		return p.entry(r.data)
	case stateRecord:
		p.hasState = true
		return fields(r.data, func(number protowire.Number, value uint64, _ []byte) { // raftpb.HardState
			switch number {
			case 1:
				p.Term = value
			case 2:
				p.Vote = value
			case 3:
				p.Commit = value
			}
		})
	case snapshotRecord:
		index, term, err := two(r.data, 1, 2) // walpb.Snapshot
		if err != nil {
			return err
		}
		p.snapshots = append(p.snapshots, position{index, term})
	case crcRecord:
	default:
		return fmt.Errorf("a kind that is not known, %d", r.kind)
	}
	return nil
}

func (p *piece) metadata(b []byte) error {
	member, cluster, err := two(b, 1, 2) // etcdserverpb.Metadata
	if err != nil {
		return err
	}
	return p.belongs(member, cluster)
}

// belongs holds whose log this is against what was there before.
func (l *Log) belongs(member, cluster uint64) error {
	if l.MemberID != 0 && member != 0 && (l.MemberID != member || l.ClusterID != cluster) {
		return fmt.Errorf(
			"it is of member %x of cluster %x, and the log before is of member %x of cluster %x",
			member,
			cluster,
			l.MemberID,
			l.ClusterID,
		)
	}
	if member != 0 {
		l.MemberID, l.ClusterID = member, cluster
	}
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

func (p *piece) entry(b []byte) error {
	var term, index, kind uint64
	var request []byte
	if err := fields(b, func(number protowire.Number, value uint64, data []byte) { // raftpb.Entry
		switch number {
		case 1:
			kind = value
		case 2:
			term = value
		case 3:
			index = value
		case 4:
			request = data
		}
	}); err != nil {
		return err
	}
	if p.FirstIndex != 0 && index > p.LastIndex+1 && !p.leap(index, p.snapshots) {
		return fmt.Errorf("entry %d follows entry %d", index, p.LastIndex)
	}
	p.cut(index)
	if p.FirstIndex == 0 || index < p.FirstIndex {
		p.FirstIndex = index
	}
	if len(p.Terms) == 0 || p.Terms[len(p.Terms)-1].Term != term {
		p.Terms = append(p.Terms, Term{From: index, Term: term})
	}
	if kind == 1 { // raftpb.EntryConfChange
		what, member, err := two(request, 2, 3)
		if err != nil {
			return err
		}
		p.changes = append(p.changes, change{index: index, member: member, kind: ChangeKind(what)})
	}
	if kind == 0 {
		put, write := writes(request)
		if write {
			p.writes = append(p.writes, index)
		}
		if put {
			p.puts = append(p.puts, index)
		}
	}
	p.sums = append(p.sums, sumOf(request))
	p.LastIndex, p.LastTerm = index, term
	return nil
}

// leap forgets all entries before this one where a snapshot from the leader has taken their place.
func (l *Log) leap(index uint64, snapshots []position) bool {
	if !slices.ContainsFunc(snapshots, func(s position) bool { return s.index+1 >= index }) {
		return false
	}
	l.forget()
	return true
}

// forget drops all entries, in whose place there is a snapshot.
func (l *Log) forget() {
	l.FirstIndex, l.Terms, l.writes, l.puts, l.sums, l.changes = 0, nil, nil, nil, nil, nil
}

// cut takes away an entry and all after it, in whose place others come.
func (l *Log) cut(index uint64) {
	for _, list := range []*[]uint64{&l.writes, &l.puts} {
		for len(*list) > 0 && (*list)[len(*list)-1] >= index {
			*list = (*list)[:len(*list)-1]
		}
	}
	for len(l.Terms) > 0 && l.Terms[len(l.Terms)-1].From >= index {
		l.Terms = l.Terms[:len(l.Terms)-1]
	}
	l.changes = slices.DeleteFunc(l.changes, func(c change) bool { return c.index >= index })
	l.sums = l.sums[:min(uint64(len(l.sums)), index-min(index, l.FirstIndex))]
}

// writes tells whether an entry's request is a put, and whether it may make a revision: a put, a deletion, a
// transaction, or a lease that is revoked with its keys (etcd, api/etcdserverpb/raft_internal.proto). Only requests of
// the v3 API have a header.
func writes(request []byte) (put, write bool) {
	header := false
	err := fields(request, func(number protowire.Number, _ uint64, _ []byte) {
		switch number {
		case 100:
			header = true
		case 4:
			put, write = true, true
		case 5, 6, 9:
			write = true
		}
	})
	if err != nil || !header {
		return false, false
	}
	return put, write
}

// join puts the pieces of a log together, in their order. Etcd begins with the newest committed snapshot of which the
// log speaks; before 3.7 with the newest of those that have a file, which are snaps.
func join(pieces []*piece, snaps []uint64, filesCount bool) (*Log, error) {
	l := &Log{}
	var snapshots []position
	for i, p := range pieces {
		if i > 0 && p.began != pieces[i-1].ended {
			return nil, fmt.Errorf("%w: a segment does not go on with the checksum of the one before", ErrDamaged)
		}
		if err := l.belongs(p.MemberID, p.ClusterID); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if p.hasState {
			l.Term, l.Vote, l.Commit = p.Term, p.Vote, p.Commit
		}
		snapshots = append(snapshots, p.snapshots...)
		l.Torn = p.Torn
		if p.FirstIndex == 0 {
			continue
		}
		if l.FirstIndex != 0 && p.FirstIndex > l.LastIndex+1 && !l.leap(p.FirstIndex, snapshots) {
			return nil, fmt.Errorf("%w: entry %d follows entry %d", ErrDamaged, p.FirstIndex, l.LastIndex)
		}
		l.cut(p.FirstIndex)
		l.writes, l.puts = append(l.writes, p.writes...), append(l.puts, p.puts...)
		l.Terms, l.sums = append(l.Terms, p.Terms...), append(l.sums, p.sums...)
		l.changes = append(l.changes, p.changes...)
		if l.FirstIndex == 0 || p.FirstIndex < l.FirstIndex {
			l.FirstIndex = p.FirstIndex
		}
		l.LastIndex, l.LastTerm = p.LastIndex, p.LastTerm
	}
	for _, s := range snapshots {
		if s.index > l.Commit { // etcd takes no notice of it
			continue
		}
		if !filesCount || slices.Contains(snaps, s.index) {
			l.Snapshot = max(l.Snapshot, s.index)
		}
		if s.index > l.LastIndex { // it came from the leader, with all that is before it
			l.forget()
			l.LastIndex, l.LastTerm = s.index, s.term
		}
	}
	if filesCount && l.Snapshot == 0 && len(snaps) > 0 { // what the log says of it is further back
		l.Snapshot = snaps[len(snaps)-1]
	}
	return l, nil
}
