package etcd_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// TestAlarmsOfStatus reads what servers of all versions print of an alarm.
func TestAlarmsOfStatus(t *testing.T) {
	raised := &etcdserverpb.AlarmMember{MemberID: 0x1f, Alarm: etcdserverpb.AlarmType_CORRUPT}
	for _, c := range []struct {
		said string
		want []string
	}{
		{"etcdserver: no leader", nil},
		{"memberID:10276657743932975437 alarm:NOSPACE ", []string{"NOSPACE (member 8e9e05c52164694d)"}},
		{"memberID:31  alarm:CORRUPT", []string{"CORRUPT (member 1f)"}},
		{raised.String(), []string{"CORRUPT (member 1f)"}},
		{"alarm:NOSPACE", []string{"NOSPACE (member 0)"}},
		{"something new", []string{"something new"}}, // not taken for nothing
	} {
		if got := (etcd.Status{Errors: []string{c.said}}).Alarms(); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.said, got, c.want)
		}
	}
}

func TestNeedsUser(t *testing.T) {
	for err, want := range map[error]bool{
		rpctypes.ErrUserEmpty: true, rpctypes.ErrPermissionDenied: true, rpctypes.ErrAuthOldRevision: true,
		rpctypes.ErrNoLeader: false, rpctypes.ErrTimeout: false, errors.New("other"): false,
	} {
		if got := etcd.NeedsUser(fmt.Errorf("read: %w", err)); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
	if etcd.NeedsUser(nil) {
		t.Error("no error")
	}
}
