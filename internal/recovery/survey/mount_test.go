package survey_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
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

// TestMountOfTheJournal has an empty folder on a node on which this provider has left data before. On another file
// system than that was on, its absence is no proof, though nothing else tells of a mount.
func TestMountOfTheJournal(t *testing.T) {
	join := func(hour int, mount string) recovery.Journal {
		return recovery.Journal{
			Operation: recovery.OperationMember, ID: strconv.Itoa(hour), Phase: recovery.PhaseFinished,
			Mount: mount, DataDir: "/var/lib/etcd",
			Started: time.Date(2026, 11, 22, hour, 0, 0, 0, time.UTC),
		}
	}
	for _, c := range []struct {
		name     string
		mount    string
		there    bool
		journals []recovery.Journal
		unknown  string
	}{
		{name: "no journal", mount: "/"},
		{name: "as it was", mount: "/var/lib/etcd", journals: []recovery.Journal{join(1, "/var/lib/etcd")}},
		{name: "not mounted", mount: "/", journals: []recovery.Journal{join(1, "/var/lib/etcd")}, unknown: "member-1"},
		{name: "not mounted, and data there", mount: "/", there: true, journals: []recovery.Journal{join(1, "/var")}},
		{name: "the disk is a new one", mount: "/var/lib/etcd", journals: []recovery.Journal{join(1, "/")}},
		{
			name: "moved to the root since", mount: "/",
			journals: []recovery.Journal{join(1, "/var/lib/etcd"), join(2, "/")},
		},
		{
			name: "moved to a disk since", mount: "/var",
			journals: []recovery.Journal{join(2, "/var/lib/etcd"), join(1, "/")}, unknown: "member-2",
		},
		{
			name: "another folder", mount: "/",
			journals: []recovery.Journal{{Mount: "/srv/etcd", DataDir: "/srv/etcd"}},
		},
		{name: "it is not known where it is", journals: []recovery.Journal{join(1, "/var/lib/etcd")}},
		{name: "an old journal", mount: "/", journals: []recovery.Journal{join(1, "")}},
	} {
		e := recovery.Evidence{DataDir: "/var/lib/etcd", Mount: c.mount, Empty: !c.there, Journals: c.journals}
		survey.DoubtMount(&e)
		unknown := e.Unknown.Data != ""
		if unknown != (c.unknown != "") || !strings.Contains(e.Unknown.Data, c.unknown) ||
			e.Empty == (unknown || c.there) {
			t.Errorf("%s: empty %t, not known: %q", c.name, e.Empty, e.Unknown.Data)
		}
	}
}

// TestRecordedElsewhere has a member that works at another peer URL than its cluster has.
func TestRecordedElsewhere(t *testing.T) {
	at := func(url string) etcd.Member { return etcd.Member{ID: 1, Name: "m1", PeerURLs: []string{url}} }
	const here, old = "https://10.0.0.11:2380", "http://localhost:2380"
	for _, c := range []struct {
		recorded, manifest string
		quorum             bool
		says               string
	}{
		{here, here, true, ""},
		{old, here, true, "the cluster has m1 at " + old},
		{old, here, false, ""},
		{old, "", true, ""},
	} {
		e := recovery.Evidence{Name: "m1", Quorum: c.quorum, Status: &etcd.Status{ClusterID: 7, MemberID: 1}}
		if c.manifest != "" {
			e.PeerURLs = []string{c.manifest}
		}
		e.Live = &recovery.Live{ClusterID: 7, Members: []etcd.Member{at(c.recorded)}}
		if got := survey.RecordedElsewhere(e); !strings.HasPrefix(got, c.says) || (got == "") != (c.says == "") {
			t.Errorf("%+v: %q", c, got)
		}
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
