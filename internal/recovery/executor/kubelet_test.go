//go:build linux

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

// TestKubeletDown plans for masters without a kubelet: refused where etcd would not come back, no hindrance elsewhere.
func TestKubeletDown(t *testing.T) {
	l := start(t, lab.Options{})
	loseMajority(t, l)
	for _, m := range l.Nodes()[1:] {
		quiet(m)
	}
	nodes := nodesOf(t, l)
	request := planner.SeedRequest{RecoveryID: "test", Node: "m1"}
	all := survey.Take(t.Context(), nodes, time.Now())
	if _, err := planner.DecideSeed(all, request); err != nil {
		t.Errorf("the other masters have no kubelet: %v", err)
	}
	_, err := planner.DecideMember(all.Node("m2"), recovery.Cluster{ID: "1"}, false)
	wantRefusal(
		t,
		err,
		recovery.CodeKubeletDown,
		"no kubelet runs on m2 (systemctl is-active kubelet: inactive)",
		"journalctl -u kubelet",
	)
	if len(all.Node("m2").Warnings) != 1 || len(all.Node("m1").Warnings) != 0 {
		t.Errorf("warnings: %q, %q", all.Node("m1").Warnings, all.Node("m2").Warnings)
	}

	e := all.Node("m1")
	e.Kubelet.CertFile, e.Kubelet.Expired = "/var/lib/kubelet/pki/kubelet-client-current.pem", time.Date(
		2026,
		1,
		2,
		3,
		4,
		5,
		0,
		time.UTC,
	)
	all[0] = e
	if _, err := planner.DecideSeed(all, request); err != nil {
		t.Errorf("a kubelet that runs on is enough: %v", err)
	}
	e.Kubelet.Running = false
	all[0] = e
	_, err = planner.DecideSeed(all, request)
	wantRefusal(
		t,
		err,
		recovery.CodeKubeletDown,
		"no kubelet runs on m1",
		"kubelet-client-current.pem expired on 2026-01-02 03:04:05",
		"kubeadm init phase kubeconfig kubelet",
	)
}

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
