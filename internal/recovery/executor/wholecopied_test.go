//go:build linux && whole

package executor_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// TestCopiedUnheard loses the connection when the copy is whole, before anybody hears of it: it is the one that is
// kept.
func TestCopiedUnheard(t *testing.T) {
	l, nodes, p := planned(t)
	m1 := l.Node("m1")
	_, err := executor.Seed(t.Context(), p, nodes, executor.Options{Observe: func(_, _ int, s recovery.Step) error {
		if s.ID != recovery.StepCopy {
			return nil
		}
		must(t, os.MkdirAll(m1.Path("/var/lib/etcd.etcdrecovery"), 0o700))
		from, to := m1.Path("/var/lib/etcd"), m1.Path("/var/lib/etcd.etcdrecovery/1")
		must(t, exec.CommandContext(t.Context(), "cp", "-a", from, to).Run()) //nolint:gosec // the lab's own
		return errCut
	}})
	wantRefusal(
		t,
		err,
		recovery.CodeStepFailed,
		"the data of m1 is copied to "+m1.Inside("/var/lib/etcd.etcdrecovery/1"),
		"the point of no return is not reached",
	)
	p, err = planner.DecideSeed(
		survey.Take(t.Context(), nodes, time.Now()),
		planner.SeedRequest{RecoveryID: p.RecoveryID},
	)
	must(t, err)
	_, err = executor.Seed(t.Context(), p, nodes, options(t))
	must(t, err)
	if kept, _ := filepath.Glob(m1.Path("/var/lib/etcd.etcdrecovery/*")); len(kept) != 1 {
		t.Errorf("m1 keeps %v, want one copy", kept)
	}
}
