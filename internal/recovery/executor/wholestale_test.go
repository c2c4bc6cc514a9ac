//go:build linux && whole

package executor_test

import (
	"os"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// TestStaleContainer has a runtime that shows another command line than the manifest asks for, as when a kubelet runs
// an older text.
func TestStaleContainer(t *testing.T) {
	l := start(t, lab.Options{})
	loseMajority(t, l)
	nodes, m1 := nodesOf(t, l), l.Node("m1")
	p, err := planner.DecideSeed(
		survey.Take(t.Context(), nodes, time.Now()),
		planner.SeedRequest{RecoveryID: "test", Node: "m1"},
	)
	must(t, err)
	crictl := m1.Path("/usr/local/bin/crictl")
	must(t, os.Rename(crictl, crictl+".real"))
	for _, c := range []struct{ edit, says string }{
		{"s/--force-new-cluster=true/--force-new-cluster=false/", "was written with the force-new-cluster flag, and " +
			"the new etcd container"},
		{"s/\"--data-dir=/\"--force-new-cluster\",&/", "was written without the force-new-cluster flag"},
	} {
		script(
			t,
			m1,
			"crictl",
			`case $* in *' inspect '*) "$0.real" "$@" | sed '`+c.edit+`';; *) exec "$0.real" "$@";; esac`,
		)
		_, err = executor.Seed(t.Context(), p, nodes, options(t))
		wantRefusal(t, err, recovery.CodeOtherManifest, c.says, "etcd.yaml on m1")
	}
	must(t, os.Rename(crictl+".real", crictl))
	_, err = executor.Seed(t.Context(), p, nodes, options(t))
	must(t, err)
}
