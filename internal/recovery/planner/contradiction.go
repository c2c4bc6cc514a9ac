package planner

import (
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// contradiction finds nodes of one lineage whose data cannot come from one history, "" where there are none. Raft
// never lets two members commit different entries at one index, and no log that goes further than another one lacks
// what that one has committed.
func contradiction(l *Lineage) string {
	end, last, found := furthest(l)
	for _, a := range l.all() {
		p, known := a.Progress()
		if !known {
			continue
		}
		if found && end.LastTerm > p.LastTerm && p.LastTerm != 0 && p.Kept > end.Last {
			return fmt.Sprintf(
				"%s has committed entry %d, and the log of %s ends with entry %d in a later term: that cannot be of "+
					"one history.",
				a.Name,
				p.Kept,
				last,
				end.Last,
			)
		}
		for _, b := range l.all() {
			q, known := b.Progress()
			if !known || a.Name >= b.Name {
				continue
			}
			if text := differ(a.Evidence, b.Evidence, min(p.Kept, q.Kept)); text != "" {
				return text
			}
		}
	}
	return ""
}

// differ compares two members at the last entry that both have committed, and by the hashes of their data.
func differ(a, b recovery.Evidence, both uint64) string {
	if a.Disk != nil && b.Disk != nil {
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
	}
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
