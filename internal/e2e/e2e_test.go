//go:build linux && e2e

package e2e_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/machine"
)

func TestMain(m *testing.M) {
	os.Exit(machine.Main(func(ctx context.Context) error {
		return lab.PrepareMachines(ctx, lab.Options{}, os.Stderr)
	}, m.Run))
}

type testLog struct{ t *testing.T }

func (w testLog) Write(b []byte) (int, error) { w.t.Logf("%s", b); return len(b), nil }

func TestBoot(t *testing.T) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
	defer cancel()
	l, err := lab.Start(ctx, lab.Options{Grade: lab.Machines, Log: testLog{t}, Dir: os.Getenv("LABDIR")})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("healthy", time.Since(began))
	m := l.Master("m1").(lab.Machine)
	for _, c := range []string{"ctr -n k8s.io containers ls; ctr -n k8s.io tasks ls", "cat /etc/kubernetes/manifests/etcd.yaml", "systemctl --failed", "journalctl -u kubelet --no-pager | tail -30", "free -m; df -h"} {
		out, err := m.Run(ctx, "sh", "-c", c)
		t.Log(c, out, err)
	}
	began = time.Now()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	t.Log("closed", time.Since(began))
}
