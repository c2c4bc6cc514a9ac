package survey

import (
	"slices"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd/datadir"
)

// TestAlarmsOnDisk calls an alarm that was found on disk as a member calls it that answers.
func TestAlarmsOnDisk(t *testing.T) {
	found := &datadir.Backend{Alarms: []datadir.Alarm{{Member: 0x1f, Kind: 1}, {Member: 0x20, Kind: 2}}}
	status := etcd.Status{Errors: []string{"memberID:31 alarm:NOSPACE ", "memberID:32 alarm:CORRUPT "}}
	if got, want := alarmsOf(found), status.Alarms(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
