package planner

import (
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestBareNodesWhoseDiskIsMissing forces nothing while nodes without an etcd manifest may have a majority's data on
// disks that are not mounted.
func TestBareNodesWhoseDiskIsMissing(t *testing.T) {
	m := three()
	bare := recovery.Evidence{Reach: recovery.Reached, NoManifest: true, Bare: true, Problems: []string{"bare"}}
	reset := recovery.Evidence{Reach: recovery.Reached, NoManifest: true, Problems: []string{"no etcd manifest"}}
	for unknown, want := range map[string]State{"": Lost, "/var/lib/etcd is not mounted": Undetermined} {
		bare, reset := bare, reset
		bare.Name, bare.Host, bare.Unknown.Data = "m2", "10.0.0.12", unknown
		reset.Name, reset.Host, reset.Unknown.Data = "m3", "10.0.0.13", unknown
		s := surveyed(at(disk(7, 30, m...), m[0]), bare, reset)
		if v := Judge(s, ""); v.State != want {
			t.Errorf("%q: %s", unknown, v.Text)
		}
		_, err := DecideSeed(s, SeedRequest{RecoveryID: "X", Node: "m1"})
		if (err != nil) != (unknown != "") || err != nil && recovery.CodeOf(err) != recovery.CodeDataUnknown {
			t.Errorf("%q: %v", unknown, err)
		}
	}
}
