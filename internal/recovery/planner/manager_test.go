package planner

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestManagers has controllers paused where something is about to be changed, and leaves a cluster that is well in
// peace.
func TestManagers(t *testing.T) {
	const capi = "/run/cluster-api/bootstrap-success.complete"
	for _, c := range []struct {
		name   string
		change func(*recovery.Evidence)
		words  []string
	}{
		{
			name:   "Cluster API",
			change: func(e *recovery.Evidence) { e.Signs = []string{capi} },
			words:  []string{"Cluster API looks after m1", `{"spec":{"paused":true}}`, "MachineHealthChecks"},
		},
		{
			name:   "Deckhouse on the disk",
			change: func(e *recovery.Evidence) { e.Signs = []string{"/etc/kubernetes/deckhouse"} },
			words:  []string{"Deckhouse looks after m1", "control-plane-manager"},
		},
		{
			name: "Deckhouse in the manifest",
			change: func(e *recovery.Evidence) {
				const name = "  name: etcd\n  namespace"
				annotation := "  annotations:\n    control-plane-manager.deckhouse.io/checksum: \"1f\"\n"
				e.Manifest = strings.Replace(e.Manifest, name, annotation+name, 1)
			},
			words: []string{"Deckhouse looks after m1"},
		},
		{
			name:   "nobody",
			change: func(*recovery.Evidence) {},
			words:  nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m1 := with(seedable(), c.change)
			all := map[string]recovery.Evidence{"m1": m1, "m2": bare("m2"), "m3": bare("m3")}
			p, err := DecideSeed(recovery.SurveyOf(all), SeedRequest{RecoveryID: "test", Node: "m1"})
			if err != nil {
				t.Fatal(err)
			}
			wants := func(where, text string) {
				for _, w := range c.words {
					if !strings.Contains(text, w) {
						t.Errorf("%s does not say %q:\n%s", where, w, text)
					}
				}
				if said := strings.Contains(text, "looks after"); said != (c.words != nil) {
					t.Errorf("%s:\n%s", where, text)
				}
			}
			wants("the plan of a seed", strings.Join(p.Managers, "\n"))
			wants("the report", Report(recovery.SurveyOf(all), nil))

			live := &recovery.Live{
				ClusterID: 7,
				Revision:  9,
				Members:   []etcd.Member{{ID: 2, Name: "m2", PeerURLs: []string{"https://m2:2380"}}},
			}
			m1.Live, m1.Disk = live, nil
			join, err := DecideMember(m1, recovery.Cluster{ID: live.ClusterID.String()}, false)
			if err != nil {
				t.Fatal(err)
			}
			wants("the plan of a member", strings.Join(join.Managers, "\n"))

			live.Members = append(live.Members, etcd.Member{ID: 1, Name: "m1", PeerURLs: m1.PeerURLs})
			m1.Quorum, m1.Running, m1.Members, m1.Status = true, true, live.Members, &etcd.Status{
				ClusterID: 7,
				MemberID:  1,
				Leader:    1,
			}
			join, err = DecideMember(m1, recovery.Cluster{ID: live.ClusterID.String()}, false)
			if err != nil || !join.Healthy || join.Managers != nil {
				t.Errorf("a member that is well: %v, %v", join, err)
			}
			if report := Report(recovery.Survey{m1}, nil); strings.Contains(report, "looks after") {
				t.Errorf("a cluster that is well:\n%s", report)
			}
		})
	}
}
