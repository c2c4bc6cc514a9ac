package recovery

import (
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// contradiction finds masters of one cluster whose data cannot come from one history, "" where there are none. Raft never lets two members
// commit different entries at one index, and no log that goes further than another one lacks what that one has committed.
func contradiction(all map[string]Evidence, cluster etcd.ID) string {
	end, last, found := furthest(all, cluster)
	for _, a := range sorted(all) {
		p, known := a.progress()
		if !known || p.Cluster != cluster {
			continue
		}
		if found && end.LastTerm > p.LastTerm && p.LastTerm != 0 && p.Kept > end.Last {
			return fmt.Sprintf("%s has committed entry %d, and the log of %s ends with entry %d in a later term: that cannot be of one history.", a.Name, p.Kept, last, end.Last)
		}
		for _, b := range sorted(all) {
			q, known := b.progress()
			if !known || q.Cluster != cluster || a.Name >= b.Name {
				continue
			}
			if text := differ(a, b, min(p.Kept, q.Kept)); text != "" {
				return text
			}
		}
	}
	return ""
}

// differ compares two members at the last entry that both have committed, and by the hashes of their data.
func differ(a, b Evidence, both uint64) string {
	if a.Disk != nil && b.Disk != nil {
		if s, t := a.Disk.termOf(both), b.Disk.termOf(both); s != 0 && t != 0 && s != t {
			return fmt.Sprintf("entry %d is committed on %s and on %s, with term %d on the one and %d on the other: that cannot be of one history.", both, a.Name, b.Name, s, t)
		}
	}
	if h, g := a.Hash, b.Hash; h != nil && g != nil && h.Revision == g.Revision && h.CompactRevision == g.CompactRevision && h.Value != g.Value {
		return fmt.Sprintf("%s and %s have different data at revision %d (HashKV %d and %d).", a.Name, b.Name, h.Revision, h.Value, g.Value)
	}
	return ""
}
