package survey_test

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// TestMountMissing has a problem whatever lies where a mount is missing: it may not be the data of the member. One that
// serves is not stopped for it, but would go back in time with the next mount.
func TestMountMissing(t *testing.T) {
	const (
		missing = "/etc/fstab mounts /dev/vdb there, which is not mounted now"
		data    = "/var/lib/etcd has something in it, and " + missing
		empty   = "/var/lib/etcd is empty, and " + missing
		noLog   = "/var/lib/etcd/member/wal is without a log of etcd, and " + missing
		unread  = "/var/lib/etcd cannot be read: Input/output error"
	)
	for _, c := range []struct {
		name             string
		quorum           bool
		data, unknown    string
		problem, warning string
	}{
		{name: "nothing is missing"},
		{name: "nothing is missing, and it serves", quorum: true},
		{name: "data", data: data, problem: data + ": it may not be what the member ran with. Mount it"},
		{name: "nothing", unknown: empty, problem: empty + ": that is no proof that the data is lost. Mount"},
		{name: "an unreadable folder", unknown: unread, problem: unread + ": that is no proof"},
		{name: "what etcd leaves where it ends", data: data, unknown: noLog, problem: data + ": it may not be"},
		{name: "data, and it serves", quorum: true, data: data, warning: data + ": its etcd serves from what"},
		{name: "nothing, and it serves", quorum: true, unknown: empty},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := recovery.Evidence{Name: "m2", Quorum: c.quorum, Unknown: recovery.Unknown{Data: c.unknown}}
			survey.TellOfMount(&e, c.data)
			says(t, "problem", e.Problems, c.problem)
			says(t, "warning", e.Warnings, c.warning)
		})
	}
}

// says wants one line that begins so, or none.
func says(t *testing.T, kind string, lines []string, begins string) {
	t.Helper()
	if begins != "" {
		begins = "on m2, " + begins
	}
	if got := strings.Join(lines, "\n"); !strings.HasPrefix(got, begins) || (got == "") != (begins == "") {
		t.Errorf("%s %q, want %q", kind, got, begins)
	}
}
