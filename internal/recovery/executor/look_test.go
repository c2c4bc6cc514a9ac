package executor

import (
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestLookTwice stops a member between the status of the others and the reading of its disk.
func TestLookTwice(t *testing.T) {
	members := []etcd.Member{{ID: 1, Name: "m1"}, {ID: 2, Name: "m2"}}
	at := func(commit uint64) recovery.Survey {
		live := &recovery.Live{ClusterID: 7, Members: members, Commit: commit, Term: 2}
		return recovery.Survey{
			{
				Name: "m1", Reach: recovery.Reached, Running: true, Quorum: true, Members: members, Live: live,
				Status: &etcd.Status{ClusterID: 7, MemberID: 1, Leader: 1, RaftIndex: commit, RaftTerm: 2},
			},
			{
				Name: "m2", Reach: recovery.Reached, Readable: true, DataDir: "/d", Live: live,
				Disk: &recovery.OnDisk{ClusterID: 7, MemberID: 2, Commit: 50, LastIndex: 50, LastTerm: 2},
			},
		}
	}
	taken := 0
	got := twice(t.Context(), func() recovery.Survey {
		taken++
		return at(uint64(39 + 10*taken))
	})
	if taken != 2 || got.Node("m1").Live.Commit != 59 {
		t.Errorf("%d surveys were taken, and the last one is not the answer", taken)
	}
	taken = 1
	if twice(t.Context(), func() recovery.Survey { taken++; return at(uint64(39 + 10*taken)) }); taken != 2 {
		t.Errorf("a survey that decides is taken again: %d", taken-1)
	}
}
