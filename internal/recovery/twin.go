package recovery

import (
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// TwinOf returns another node whose etcd runs as the same member of the same cluster, "" where there is none: a
// snapshot was restored on each of them by itself, or the data was copied from one to the other.
func (s Survey) TwinOf(e Evidence) string {
	for _, o := range s {
		if e.Status != nil && o.Status != nil && o.Name != e.Name && e.Status.MemberID != 0 &&
			o.Status.MemberID == e.Status.MemberID && o.Status.ClusterID == e.Status.ClusterID {
			return o.Name
		}
	}
	return ""
}

// Twice returns the nodes that answer as one cluster and cannot be one: as the same member, or without having one
// another among their members; none where there are none.
func (s Survey) Twice(cluster etcd.ID) []string {
	var names []string
	for _, a := range s {
		if slices.ContainsFunc(s, func(b Evidence) bool { return a.Name != b.Name && a.contradicts(b, cluster) }) {
			names = append(names, a.Name)
		}
	}
	return names
}

func (e Evidence) contradicts(o Evidence, cluster etcd.ID) bool {
	if !e.Quorum || !o.Quorum || e.Status == nil || o.Status == nil || e.Status.ClusterID != cluster ||
		o.Status.ClusterID != cluster || len(e.Members) == 0 || len(o.Members) == 0 {
		return false
	}
	has := func(e Evidence, id etcd.ID) bool {
		return slices.ContainsFunc(e.Members, func(m etcd.Member) bool { return m.ID == id })
	}
	return e.Status.MemberID == o.Status.MemberID || !has(e, o.Status.MemberID) || !has(o, e.Status.MemberID)
}
