package recovery

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// TestApart has members of a quorum that answer with different data.
func TestApart(t *testing.T) {
	at := func(revision int64, applied uint64) Evidence {
		return Evidence{Quorum: true, Status: &etcd.Status{ClusterID: 7, Revision: revision, AppliedIndex: applied}}
	}
	for _, c := range []struct {
		name  string
		m2    Evidence
		title string
	}{
		{"the same", at(130, 90), "The Cluster Is Alive"},
		{"one that lags", at(120, 80), "The Cluster Is Alive"},
		{"one that says nothing", Evidence{}, "The Cluster Is Alive"},
		{"one with another past", at(127, 90), "The Members of the Cluster Differ"},
	} {
		all := map[string]Evidence{"m1": at(130, 90), "m2": c.m2}
		err := refuseVerdict(Verdict{State: Alive, Answers: []string{"m1", "m2"}, Text: "alive"}, all)
		r, _ := IsRefusal(err)
		if r == nil || r.Title != c.title || c.title != "The Cluster Is Alive" && !strings.Contains(r.Found, "m1 is at revision 130 with entry 90, m2 is at revision 127 with entry 90") {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}
