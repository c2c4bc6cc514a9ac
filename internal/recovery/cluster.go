package recovery

import (
	"fmt"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
)

// Cluster is what a member needs to know of the cluster it joins.
type Cluster struct {
	ID      string // hex; "" while unknown
	Members []manifest.Member
}

// Is tells whether a cluster that answers is this one: by its ID where that is known, else by a member in common.
func (c Cluster) Is(live *Live) bool {
	if live == nil {
		return false
	}
	if c.ID != "" {
		return c.ID == live.ClusterID.String()
	}
	return slices.ContainsFunc(live.Members, func(m etcd.Member) bool {
		return slices.ContainsFunc(
			c.Members,
			func(have manifest.Member) bool { return SharesURL(have.PeerURLs, m.PeerURLs) },
		)
	})
}

func Size(bytes int64) string {
	switch {
	case bytes >= 10<<30:
		return fmt.Sprintf("%d GiB", bytes>>30)
	case bytes >= 10<<20:
		return fmt.Sprintf("%d MiB", bytes>>20)
	default:
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
}
