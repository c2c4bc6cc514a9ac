package planner

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestNamelessMember is called by its ID, as long as it has not started.
func TestNamelessMember(t *testing.T) {
	nameless := peer(0x8e9e05c52164694d, "", "127.0.0.1")
	m := three()
	for what, err := range map[string]error{
		"that was not surveyed":  memberNotSurveyed("m1", []Seat{{Member: nameless}}, []Seat{{Member: nameless}}, nil),
		"recorded at a loopback": recordedAtLoopbackOf(m[0], nameless),
	} {
		if err == nil || !strings.Contains(err.Error(), "8e9e05c52164694d") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// recordedAtLoopbackOf is what a node says to a living cluster with such a member.
func recordedAtLoopbackOf(self, member etcd.Member) error {
	e := at(empty(), self)
	e.Live = surveyed(quorum(7, 20, self, member))[0].Live
	return checkPeers(e, recovery.Cluster{})
}
