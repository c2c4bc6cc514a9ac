package planner

import (
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// words says in a sentence why two histories are not one.
func (c *clash) words() string {
	const not = ": that cannot be of one history."
	a, b := c.a, c.b
	switch c.kind {
	case otherEntries:
		return fmt.Sprintf("entry %d of the log of %s (of term %d) is not that of %s (of term %d)"+not,
			a.entry, a.node, a.term, b.node, b.term)
	case otherTerms:
		return fmt.Sprintf("entry %d is committed on %s and on %s, with term %d on the one and %d on the other"+not,
			a.entry, a.node, b.node, a.term, b.term)
	case lacksEntry:
		return fmt.Sprintf("%s has committed entry %d, and the log of %s ends with entry %d in a later term"+not,
			a.node, a.entry, b.node, b.entry)
	case runsBack:
		return fmt.Sprintf(
			"%s has applied entry %d and is at revision %d, and %s has applied entry %d and is at revision %d"+not,
			a.node, a.entry, a.revision, b.node, b.entry, b.revision,
		)
	case otherHashes:
		return fmt.Sprintf("%s and %s have different data at revision %d (HashKV %d and %d).",
			a.node, b.node, a.revision, a.hash, b.hash)
	}
	return string(c.kind)
}

// refuseApart refuses a cluster that works and has two pasts.
func refuseApart(v Verdict, apart []point) error {
	var have []string
	for _, p := range apart {
		have = append(have, fmt.Sprintf("%s is at revision %d with entry %d", p.node, p.revision, p.entry))
	}
	return &recovery.Refusal{
		Code:      recovery.CodeMembersDiffer,
		Title:     "The Members of the Cluster Differ",
		Attribute: "survey",
		Found: fmt.Sprintf(
			"%s. But %s: the same entries of the log have led to different data. A master whose disk was wiped can "+
				"found its place anew, under its old ID, while the others are out of reach.",
			v.Text,
			recovery.Words(have),
		),
		Next: "keep clients from writing, and compare the members: etcdctl endpoint status -w table; etcdctl " +
			"endpoint hashkv. Find out which master has the data that counts. On each of the others, stop etcd (move " +
			"its manifest out of " +
			"the kubelet's folder) and move its data aside (mv); then plan again with that master as node. If it was " +
			"a moment's difference, they agree when you plan again.",
	}
}
