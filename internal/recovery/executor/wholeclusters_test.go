//go:build linux && whole

package executor_test

import (
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// TestOtherClusters has wiped masters that founded clusters of their own, as manifests do that kubeadm upgrade has
// written. The survivor must not be sent to join one of them.
func TestOtherClusters(t *testing.T) {
	l := start(t, lab.Options{Shape: lab.SelfOnly})
	must(t, l.Fill(t.Context(), 200, 100))
	wipeMajority(t, l)
	nodes := nodesOf(t, l)
	all := survey.Take(t.Context(), nodes, time.Now())
	deadline := time.Now().Add(time.Minute)
	for (!all.Node("m2").Quorum || !all.Node("m3").Quorum) && time.Now().Before(deadline) {
		all = survey.Take(t.Context(), nodes, time.Now())
	}
	t.Log(planner.Report(all, nil))
	if v := planner.Judge(all, ""); v.State != planner.Unclear {
		t.Errorf("verdict %q", v.Text)
	}
	_, err := planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test"})
	wantRefusal(t, err, recovery.CodeSeedUndecided, "3 different clusters", "node =")
	_, err = planner.DecideMember(all.Node("m1"), recovery.Cluster{ID: all.Node("m1").Live.ClusterID.String()}, false)
	wantRefusal(t, err, recovery.CodeClusterBehind, "data on m1 that it never had", `node = "m1"`)
	_, err = planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test", Node: "m1"})
	wantRefusal(t, err, recovery.CodeClusterBehind, "data on m1 that it never had", "mv ")
}
