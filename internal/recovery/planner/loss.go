package planner

import (
	"cmp"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Loss is what a forced start on one master throws away, compared with the survivor whose data goes furthest. That may
// be the same one: of its own log it drops what it does not know to be committed, and acknowledged writes can be among
// that.
type Loss struct {
	Entries      uint64   // log entries
	Furthest     string   // the master that has them
	FromRevision int64    // the first revision among them, at the lowest; 0 where none of the entries makes one
	ToRevision   int64    // the last one, at the highest
	Ahead        []string // other nodes with more that a forced start would keep, even if none is possible there now
	Unjudged     []string // masters that may have more; it is not known
	Unread       []string // those of them that answer, and whose data could not be read
	Apart        []string // nodes with another history of this cluster
	Other        []string // nodes with the longer history of another cluster, and how far it goes
}

// lossOf compares a candidate with all nodes whose progress is known, whether they can be the seed or not. Entries
// compare within one lineage; of another lineage that has the longer history, all is lost.
func (c *Census) lossOf(seed Candidate, weighed []Candidate) Loss {
	var l Loss
	consider := func(name string, last uint64, revision int64) {
		if last <= seed.Kept || last-seed.Kept <= l.Entries {
			return
		}
		l.Entries, l.Furthest, l.FromRevision, l.ToRevision = last-seed.Kept, name, 0, 0
		if revision > seed.KeptLeast {
			l.FromRevision, l.ToRevision = seed.KeptLeast+1, revision
		}
	}
	end, name, _ := furthest(seed.lineage)
	consider(name, end.Last, end.LastRevision)
	for _, n := range seed.lineage.all() {
		if p, known := n.Progress(); known {
			consider(n.Name, p.Kept, p.KeptRevision) // committed, whatever the others have
		}
	}
	own := c.find(seed.Name)
	for _, other := range weighed {
		switch o := c.find(other.Name); {
		case forsaken(o.Evidence): // a forced start makes its log longer, and writes nothing
			differs := other.KeptRevision > 1 && own.differs(o)
			if other.KeptRevision > seed.KeptLeast || differs {
				l.Ahead = append(l.Ahead, other.Name)
			}
			if differs {
				l.Apart = append(l.Apart, other.Name)
			}
		case other.lineage == seed.lineage && other.Kept > seed.Kept:
			l.Ahead = append(l.Ahead, other.Name)
		case other.KeptRevision > 1 && other.Cluster == seed.Cluster && (conflict(own, o) != nil || own.lostWith(o)):
			l.Ahead = append(l.Ahead, other.Name)
			l.Apart = append(l.Apart, other.Name)
		case other.lineage != seed.lineage && other.KeptRevision > seed.KeptLeast:
			l.Ahead = append(l.Ahead, other.Name)
			l.Other = append(l.Other, atRevision(other))
		}
	}
	slices.Sort(l.Ahead)
	return l
}

// lostWith reports whether a node whose data a forced start has been at lacks what another one has committed: such a
// start makes the log longer with entries of its own, in the place of those that it drops.
func (n *Node) lostWith(o *Node) bool {
	p, known := n.Progress()
	q, too := o.Progress()
	if !n.forced() || o.forced() || !known || !too || n.Cluster() != o.Cluster() || q.KeptRevision <= 1 {
		return false
	}
	return q.KeptRevision > p.KeptLeast || n.differs(o)
}

// differs reports whether what two nodes have committed is not the same, whether a forced start has been at it or not.
func (n *Node) differs(o *Node) bool {
	p, known := n.Progress()
	q, too := o.Progress()
	both := min(p.Kept, q.Kept)
	return known && too && n.Cluster() == o.Cluster() &&
		cmp.Or(otherTerm(n.Evidence, o.Evidence, both), otherEntry(n, o, both)) != nil
}

// doubt notes the nodes that may have more.
func (l *Loss) doubt(unjudged []RuledOut, seed string) {
	l.Unjudged = namesOf(unjudged)
	for _, u := range unjudged {
		if u.unread && u.Name != seed {
			l.Unread = append(l.Unread, u.Name)
		}
	}
}

// price is what has to be given up by name for the seed: what others have, or may have.
func (l Loss) price() []string {
	all := slices.Concat(l.Ahead, l.Unread)
	slices.Sort(all)
	return slices.Compact(all)
}

// furthest is the node of a lineage whose log goes furthest.
func furthest(l *Lineage) (best recovery.Progress, name string, found bool) {
	for _, n := range l.all() {
		if p, known := n.Progress(); known && (!found || p.Further(best) < 0) {
			best, name, found = p, n.Name, true
		}
	}
	return best, name, found
}

// Nothing is true where no write is lost, as far as anybody knows.
func (l Loss) Nothing() bool {
	return l.FromRevision == 0 && len(l.Unjudged) == 0 && len(l.Other)+len(l.Apart) == 0
}
