package recovery

import (
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// TestLeftBy tells a node that a forced start has left behind from one whose manifest somebody else has moved.
func TestLeftBy(t *testing.T) {
	node := func(name string, cluster etcd.ID, journals ...Journal) Evidence {
		return Evidence{Name: name, Disk: &OnDisk{ClusterID: cluster}, Journals: journals}
	}
	forced := Journal{
		Operation: OperationSeed, ID: "r1", Phase: PhaseForced, Cluster: 7, Stopped: []string{"m1", "m2", "m3"},
	}
	begun, other, few := forced, forced, forced
	begun.Phase, other.Cluster, few.Stopped = PhaseCopied, 8, []string{"m1"}
	empty := forced // it had no data on the other node to leave
	empty.Revision = 100
	for _, c := range []struct {
		name    string
		journal Journal
		want    string
	}{
		{"which found nothing on it", empty, ""},
		{"forced", forced, "r1"},
		{"stopped, and never forced", begun, ""},
		{"of another cluster", other, ""},
		{"which did not stop it", few, ""},
	} {
		s := Survey{node("m1", 7, c.journal), node("m2", 7)}
		if got := s.LeftBy(s[1]); got != c.want {
			t.Errorf("%s: got %q", c.name, got)
		}
		if got := s.LeftBy(s[0]); got != "" {
			t.Errorf("%s: the seed is left behind by %q", c.name, got)
		}
	}
}
