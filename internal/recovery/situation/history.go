package situation

import (
	"cmp"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
)

// entry is one entry of a log. Entries form a tree: what came before never changes, and two logs that share an entry
// share all that is before it.
type entry struct {
	before   *entry
	id       int // in the order in which they were made, so that no entry has a higher one before it
	index    uint64
	term     uint64
	revision int64 // of the database, once this is applied
	cluster  etcd.ID
	written  int  // the last entry up to here that changed keys
	acked    bool // a client was told that it is written
	members  []etcd.Member
	removed  []etcd.ID
}

// has reports whether a history contains an entry.
func (e *entry) has(other *entry) bool {
	for e != nil && e.id > other.id {
		e = e.before
	}
	return e == other
}

// at returns the entry of an index in the log of e's own cluster, the first one where the index is before it.
func (e *entry) at(index uint64) *entry {
	for e.index > index && e.before != nil && e.before.cluster == e.cluster && e.before.index < e.index {
		e = e.before
	}
	return e
}

// sum tells what is in an entry, 0 of those that are the same in any cluster of these members: the ones with which it
// was founded, and the one with which a leader begins its term.
func (e *entry) sum() uint64 {
	b := e.before
	if b == nil || b.cluster != e.cluster || e.revision == b.revision && len(e.members) == len(b.members) {
		return 0
	}
	return uint64(e.id)
}

// terms returns the first index in the log and where its terms begin.
func (e *entry) terms() (first uint64, all []datadir.Term) {
	for {
		if n := len(all); n > 0 && all[n-1].Term == e.term {
			all[n-1].From = e.index
		} else {
			all = append(all, datadir.Term{From: e.index, Term: e.term})
		}
		if e.before == nil || e.before.cluster != e.cluster || e.before.index >= e.index {
			slices.Reverse(all)
			return e.index, all
		}
		e = e.before
	}
}

// further orders logs as Raft does.
func (e *entry) further(other *entry) int {
	return cmp.Or(cmp.Compare(e.term, other.term), cmp.Compare(e.index, other.index))
}

func (e *entry) voters() int {
	n := 0
	for _, m := range e.members {
		if !m.Learner {
			n++
		}
	}
	return n
}

// member returns the entry of a member, nil where it is none.
func (e *entry) member(id etcd.ID) *etcd.Member {
	for i := range e.members {
		if e.members[i].ID == id {
			return &e.members[i]
		}
	}
	return nil
}

func (e *entry) votes(id etcd.ID) bool {
	m := e.member(id)
	return m != nil && !m.Learner
}

// data is what an etcd has on a disk. While it runs, commit and applied are what it knows.
type data struct {
	tip             *entry // the end of its log
	commit, applied uint64
	member          etcd.ID
	damaged         bool
	missing         int64  // revisions that its database lacks, though its log is that of the others
	forced          uint64 // the entry of a forced start, with which etcd writes the commit index down
}

// kept is the last entry that a forced start keeps.
func (d *data) kept(forgets bool) *entry {
	if forgets {
		return d.tip.at(d.commit)
	}
	return d.tip.at(max(d.commit, d.applied))
}
