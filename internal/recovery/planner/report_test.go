package planner

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

var update = flag.Bool("update", false, "write the golden files")

// TestReport holds the report in both forms against what is in testdata.
func TestReport(t *testing.T) {
	member := func(name string, id etcd.ID, e recovery.Evidence) recovery.Evidence {
		e.Name, e.MemberName, e.PeerURLs, e.DataBytes = name, name, []string{"https://" + name + ":2380"}, 130<<20
		if e.Status != nil {
			e.Status.MemberID, e.Status.ClusterID = id, 0xc33c7185aa24c1ff
		}
		if e.Disk != nil {
			e.Disk.MemberID, e.Disk.ClusterID = id, 0xc33c7185aa24c1ff
		}
		return e
	}
	all := map[string]recovery.Evidence{
		"m1": member(
			"m1",
			0x79a64016b4ba256e,
			with(alone(1201, &recovery.Tail{Index: 1204, Term: 3}), func(e *recovery.Evidence) {
				e.Peers = []recovery.Peer{{Name: "m2", URL: "https://m2:2380"}, {Name: "m5", URL: "https://m5:2380"}}
			}),
		),
		"m2": member(
			"m2",
			0x2f1e,
			stopped(
				recovery.OnDisk{
					Commit:          1180,
					ConsistentIndex: 1190,
					LastIndex:       1195,
					LastTerm:        3,
					KeptRevision:    1170,
					LastRevision:    1175,
					Torn:            true,
				},
			),
		),
		"m3": member("m3", 0x3, stopped(recovery.OnDisk{Commit: 1180, LastTerm: 3, KeptRevision: 1160, Learner: true})),
		"m4": member("m4", 0, recovery.Evidence{Reach: recovery.Reached, DataDir: "/var/lib/etcd", Empty: true}),
		"m5": {Name: "m5", Reach: recovery.Silent, ReachError: "no answer from 10.0.0.15:22: i/o timeout"},
	}
	damaged := maps.Clone(all)
	damaged["m3"] = member("m3", 0, with(stopped(recovery.OnDisk{}), func(e *recovery.Evidence) {
		e.Disk, e.Damage = nil, "the write-ahead log: 0000000000000001-00000000000003e8.wal: damaged: the record at "+
			"byte 12,304: its checksum is wrong"
		e.Warnings = []string{"etcd's data in /var/lib/etcd on m3 cannot be used: " + e.Damage}
	}))
	for file, got := range map[string]string{
		"report.txt":    Report(recovery.SurveyOf(all), []string{"m5"}),
		"report.md":     Markdown(recovery.SurveyOf(all), []string{"m5"}),
		"undecided.txt": Report(recovery.SurveyOf(damaged), nil),
	} {
		golden := filepath.Join("testdata", file)
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s:\n%s", file, got)
		}
	}
}
