package recovery

import "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"

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

// TwinsIn returns two nodes that answer as one member of a cluster, none where there are none.
func (s Survey) TwinsIn(cluster etcd.ID) []string {
	for _, e := range s {
		if e.Quorum && e.Cluster() == cluster {
			if twin := s.Node(s.TwinOf(e)); twin.Quorum {
				return []string{e.Name, twin.Name}
			}
		}
	}
	return nil
}
