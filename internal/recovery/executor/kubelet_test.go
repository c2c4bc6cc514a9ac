//go:build linux

package executor_test

import (
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// kubeletDown plans for masters of which only the first has a kubelet: refused where etcd would not come back, no
// hindrance elsewhere.
func kubeletDown(t *testing.T, all recovery.Survey) {
	request := planner.SeedRequest{RecoveryID: "test", Node: "m1"}
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
