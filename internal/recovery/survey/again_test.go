package survey_test

import (
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// TestSurpassed has a quorum asked again where a node seems to have more than it, and only there.
func TestSurpassed(t *testing.T) {
	live := &recovery.Live{ClusterID: 7, Commit: 20, Term: 3, Revision: 9}
	disk := func(change func(*recovery.OnDisk)) recovery.Evidence {
		d := &recovery.OnDisk{
			ClusterID: 7, MemberID: 1, Commit: 20, LastIndex: 20, LastTerm: 3, ConsistentIndex: 20, Revision: 9,
			KeptLeast: 9, KeptRevision: 9,
		}
		change(d)
		return recovery.Evidence{Name: "m1", Image: "etcd:3.6.12", Disk: d}
	}
	follower := recovery.Evidence{Name: "m1", Status: &etcd.Status{ClusterID: 7, MemberID: 1, Leader: 2, RaftIndex: 21}}
	for _, c := range []struct {
		name string
		e    recovery.Evidence
		live *recovery.Live
		want bool
	}{
		{"as much", disk(func(*recovery.OnDisk) {}), live, false},
		{"a later entry", disk(func(d *recovery.OnDisk) { d.Commit, d.LastIndex = 21, 21 }), live, true},
		{"a later term", disk(func(d *recovery.OnDisk) { d.LastTerm = 4 }), live, true},
		{"a later revision", disk(func(d *recovery.OnDisk) { d.KeptLeast = 10 }), live, true},
		{"of another cluster", disk(func(d *recovery.OnDisk) { d.ClusterID, d.Commit = 8, 21 }), live, false},
		{"nobody answers", disk(func(d *recovery.OnDisk) { d.Commit = 21 }), nil, false},
		{"one that follows", follower, live, true},
		{"nothing is known", recovery.Evidence{Name: "m1"}, live, false},
	} {
		if got := survey.Surpassed(recovery.Survey{c.e}, c.live); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
	one := follower
	if one.Quorum = true; survey.Surpassed(recovery.Survey{one}, live) {
		t.Error("one of the quorum surpasses it")
	}
}
