package planner

import (
	"cmp"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// clash is two nodes of one cluster ID whose data cannot come from one history, and what of each shows it.
type clash struct {
	kind clashKind
	a, b point
}

// clashKind says by what two histories were told apart.
type clashKind string

const (
	otherEntries clashKind = "other-entries"
	otherTerms   clashKind = "other-terms"
	lacksEntry   clashKind = "lacks-entry"
	runsBack     clashKind = "runs-back"
	otherHashes  clashKind = "other-hashes"
)

// point is a place in the history of a node; what is not spoken of is 0.
type point struct {
	node        string
	entry, term uint64
	revision    int64
	hash        uint32
}

// contradiction finds nodes of one cluster ID whose data cannot come from one history, nil where there are none.
func (c *Census) contradiction() *clash {
	for i, a := range c.Nodes {
		for _, b := range c.Nodes[i+1:] {
			if a.Cluster() == 0 || a.Cluster() != b.Cluster() {
				continue
			}
			if found := conflict(a, b); found != nil {
				return found
			}
		}
	}
	return nil
}

// conflict says why the data of two members cannot come from one history, nil where it can. Raft never lets two members
// commit different entries at one index, no log that goes further than another one lacks what that one has committed,
// and a revision never goes back. A forced start that is under way has made a history of its own on purpose.
func conflict(a, b *Node) *clash { return cmp.Or(logsConflict(a, b), dataConflict(a, b)) }

// logsConflict goes by the logs alone. What is true of one is true of every log that is proved to have it in itself.
func logsConflict(a, b *Node) *clash {
	if !bothKnown(a, b) {
		return nil
	}
	p, _ := a.Progress()
	q, _ := b.Progress()
	both := min(p.Kept, q.Kept)
	return cmp.Or(lacks(a.Name, b.Name, p, q), lacks(b.Name, a.Name, q, p), otherTerm(a.Evidence, b.Evidence, both),
		otherEntry(a, b, both))
}

// dataConflict goes by what the databases have: of one log they can have made different things.
func dataConflict(a, b *Node) *clash {
	if !bothKnown(a, b) {
		return nil
	}
	return cmp.Or(otherHash(a.Evidence, b.Evidence), a.runsBack(b))
}

// bothKnown reports whether of two nodes there is data to hold against each other, which no forced start has changed.
func bothKnown(a, b *Node) bool {
	_, known := a.Progress()
	_, too := b.Progress()
	return known && too && !a.forced() && !b.forced()
}

// otherEntry finds an entry that two members of one history cannot have: one that both have committed, or that one
// leader has written, with other bytes.
func otherEntry(a, b *Node, both uint64) *clash {
	for _, entry := range a.Entries {
		other, ok := b.EntryAt(entry.Index)
		if !ok || other == entry || other.Term != entry.Term && entry.Index > both {
			continue
		}
		return &clash{
			otherEntries,
			point{node: a.Name, entry: entry.Index, term: entry.Term},
			point{node: b.Name, entry: entry.Index, term: other.Term},
		}
	}
	return nil
}

// sameLog reports whether two logs are proved to be of one history: the last of the entries that both are known to have
// is the same, and with it are all before. One with nothing in it proves nothing.
func sameLog(a, b *Node) bool {
	var last uint64
	same := false
	for _, entry := range a.Entries {
		other, ok := b.EntryAt(entry.Index)
		if ok && entry.Index > last && (other != entry || entry.Sum != 0) {
			last, same = entry.Index, other == entry
		}
	}
	return same
}

func (n *Node) forced() bool { return forcing(n.Evidence) || forsaken(n.Evidence) }

// lacks finds a log that goes further than another one by its term, and ends before what that one has committed.
func lacks(name, further string, p, end recovery.Progress) *clash {
	if p.LastTerm == 0 || end.LastTerm <= p.LastTerm || p.Kept <= end.Last {
		return nil
	}
	return &clash{lacksEntry, point{node: name, entry: p.Kept}, point{node: further, entry: end.Last}}
}

// runsBack finds a database that has applied no more entries than another one, and is at a later revision.
func (n *Node) runsBack(o *Node) *clash {
	less, more := n, o
	if n.applied() > o.applied() || n.applied() == o.applied() && n.revision() < o.revision() {
		less, more = o, n
	}
	if less.applied() == 0 || less.Quorum || more.Quorum || less.revision() <= more.revision() {
		return nil
	}
	return &clash{
		runsBack,
		point{node: less.Name, entry: less.applied(), revision: less.revision()},
		point{node: more.Name, entry: more.applied(), revision: more.revision()},
	}
}

// revision is that of the database, 0 where it is not known.
func (n *Node) revision() int64 {
	switch {
	case n.Status != nil:
		return n.Status.Revision
	case n.Disk != nil:
		return n.Disk.Revision
	}
	return 0
}

// otherTerm finds the last entry that both members have committed to be of two terms.
func otherTerm(a, b recovery.Evidence, both uint64) *clash {
	if a.Disk == nil || b.Disk == nil {
		return nil
	}
	if s, t := a.Disk.TermOf(both), b.Disk.TermOf(both); s != 0 && t != 0 && s != t {
		return &clash{otherTerms, point{node: a.Name, entry: both, term: s}, point{node: b.Name, entry: both, term: t}}
	}
	return nil
}

// otherHash finds two members with different data at one revision.
func otherHash(a, b recovery.Evidence) *clash {
	if h, g := a.Hash, b.Hash; h != nil && g != nil && h.Revision == g.Revision &&
		h.CompactRevision == g.CompactRevision && h.Value != g.Value {
		return &clash{
			otherHashes,
			point{node: a.Name, revision: h.Revision, hash: h.Value},
			point{node: b.Name, revision: g.Revision, hash: g.Value},
		}
	}
	return nil
}

// apart are the members of a quorum that have applied the same entries and are not at the same revision, with how far
// they are. A master whose disk was wiped and that comes back under its old ID has another past than the others, which
// etcd does not see.
func apart(answers []string, all recovery.Survey) []point {
	at, differs := map[uint64]int64{}, false
	var have []point
	for _, name := range answers {
		s := all.Node(name).Status
		if s == nil {
			continue
		}
		if revision, ok := at[s.AppliedIndex]; ok && revision != s.Revision {
			differs = true
		}
		at[s.AppliedIndex] = s.Revision
		have = append(have, point{node: name, entry: s.AppliedIndex, revision: s.Revision})
	}
	if !differs {
		return nil
	}
	return have
}
