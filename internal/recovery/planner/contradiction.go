package planner

import (
	"cmp"
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// contradiction finds nodes of one cluster ID whose data cannot come from one history, "" where there are none.
func (c *Census) contradiction() string {
	for i, a := range c.Nodes {
		for _, b := range c.Nodes[i+1:] {
			if a.Cluster() == 0 || a.Cluster() != b.Cluster() {
				continue
			}
			if text := conflict(a, b); text != "" {
				return text
			}
		}
	}
	return ""
}

// conflict says why the data of two members cannot come from one history, "" where it can. Raft never lets two members
// commit different entries at one index, no log that goes further than another one lacks what that one has committed,
// and a revision never goes back. A forced start that is under way has made a history of its own on purpose.
func conflict(a, b *Node) string { return cmp.Or(logsConflict(a, b), dataConflict(a, b)) }

// logsConflict goes by the logs alone. What is true of one is true of every log that is proved to have it in itself.
func logsConflict(a, b *Node) string {
	if !bothKnown(a, b) {
		return ""
	}
	p, _ := a.Progress()
	q, _ := b.Progress()
	both := min(p.Kept, q.Kept)
	return cmp.Or(lacks(a.Name, b.Name, p, q), lacks(b.Name, a.Name, q, p), otherTerm(a.Evidence, b.Evidence, both),
		otherEntry(a, b, both))
}

// dataConflict goes by what the databases have: of one log they can have made different things.
func dataConflict(a, b *Node) string {
	if !bothKnown(a, b) {
		return ""
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
func otherEntry(a, b *Node, both uint64) string {
	for _, entry := range a.Entries {
		other, ok := b.EntryAt(entry.Index)
		if !ok || other == entry || other.Term != entry.Term && entry.Index > both {
			continue
		}
		return fmt.Sprintf(
			"entry %d of the log of %s (of term %d) is not that of %s (of term %d): that cannot be of one history.",
			entry.Index,
			a.Name,
			entry.Term,
			b.Name,
			other.Term,
		)
	}
	return ""
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
func lacks(name, further string, p, end recovery.Progress) string {
	if p.LastTerm == 0 || end.LastTerm <= p.LastTerm || p.Kept <= end.Last {
		return ""
	}
	return fmt.Sprintf(
		"%s has committed entry %d, and the log of %s ends with entry %d in a later term: that cannot be of one "+
			"history.",
		name,
		p.Kept,
		further,
		end.Last,
	)
}

// runsBack finds a database that has applied no more entries than another one, and is at a later revision.
func (n *Node) runsBack(o *Node) string {
	less, more := n, o
	if n.applied() > o.applied() || n.applied() == o.applied() && n.revision() < o.revision() {
		less, more = o, n
	}
	if less.applied() == 0 || less.Quorum || more.Quorum || less.revision() <= more.revision() {
		return ""
	}
	return fmt.Sprintf(
		"%s has applied entry %d and is at revision %d, and %s has applied entry %d and is at revision %d: that "+
			"cannot be of one history.",
		less.Name,
		less.applied(),
		less.revision(),
		more.Name,
		more.applied(),
		more.revision(),
	)
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
func otherTerm(a, b recovery.Evidence, both uint64) string {
	if a.Disk == nil || b.Disk == nil {
		return ""
	}
	if s, t := a.Disk.TermOf(both), b.Disk.TermOf(both); s != 0 && t != 0 && s != t {
		return fmt.Sprintf(
			"entry %d is committed on %s and on %s, with term %d on the one and %d on the other: that cannot be "+
				"of one history.",
			both,
			a.Name,
			b.Name,
			s,
			t,
		)
	}
	return ""
}

// otherHash finds two members with different data at one revision.
func otherHash(a, b recovery.Evidence) string {
	if h, g := a.Hash, b.Hash; h != nil && g != nil && h.Revision == g.Revision &&
		h.CompactRevision == g.CompactRevision &&
		h.Value != g.Value {
		return fmt.Sprintf(
			"%s and %s have different data at revision %d (HashKV %d and %d).",
			a.Name,
			b.Name,
			h.Revision,
			h.Value,
			g.Value,
		)
	}
	return ""
}

// apart are the members of a quorum that have applied the same entries and are not at the same revision, with what they
// have. A master whose disk was wiped and that comes back under its old ID has another past than the others, and etcd
// does not see it.
func apart(answers []string, all recovery.Survey) []string {
	at, differs := map[uint64]int64{}, false
	var have []string
	for _, name := range answers {
		s := all.Node(name).Status
		if s == nil {
			continue
		}
		if revision, ok := at[s.AppliedIndex]; ok && revision != s.Revision {
			differs = true
		}
		at[s.AppliedIndex] = s.Revision
		have = append(have, fmt.Sprintf("%s is at revision %d with entry %d", name, s.Revision, s.AppliedIndex))
	}
	if !differs {
		return nil
	}
	return have
}

// refuseApart refuses a cluster that works and has two pasts.
func refuseApart(v Verdict, apart []string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeMembersDiffer,
		Title:     "The Members of the Cluster Differ",
		Attribute: "survey",
		Found: fmt.Sprintf(
			"%s. But %s: the same entries of the log have led to different data. A master whose disk was wiped can "+
				"found its place anew, under its old ID, while the others are out of reach.",
			v.Text,
			recovery.Words(apart),
		),
		Next: "keep clients from writing, and compare the members: etcdctl endpoint status -w table; etcdctl " +
			"endpoint hashkv. Find out which master has the data that counts. On each of the others, stop etcd (move " +
			"its manifest out of " +
			"the kubelet's folder) and move its data aside (mv); then plan again with that master as node. If it was " +
			"a moment's difference, they agree when you plan again.",
	}
}
