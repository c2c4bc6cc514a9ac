//go:build linux

package provider_test

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults/link"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// wantChanges plans until there is something to do, and keeps that plan. On a slow machine a survey may not hear of a
// member in time: it is "not healthy" then, and nothing is planned for it.
func wantChanges(t *testing.T, w *terraform.Workspace) (folded string) {
	t.Helper()
	for tries := 0; ; tries++ {
		r, err := w.Run(t.Context(), nil, "plan", "-no-color", "-detailed-exitcode", "-out=changes")
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case r.ExitCode == 2:
			return strings.Join(strings.Fields(r.Text), " ")
		case r.ExitCode != 0 || tries == 10:
			t.Fatalf("nothing is planned (exit code %d):\n%s", r.ExitCode, r.Text)
		}
		t.Logf("nothing is planned yet:\n%s", r.Text)
		time.Sleep(time.Second)
	}
}

// breakOff applies what is planned and kills the provider right before a step.
func breakOff(t *testing.T, w *terraform.Workspace, before recovery.StepID) {
	t.Helper()
	wantChanges(t, w)
	socket := filepath.Join(t.TempDir(), "watch")
	listener, err := link.Listen(socket, func(e link.Event) {
		if e.ID == before && !e.Acted {
			_ = syscall.Kill(e.PID, syscall.SIGKILL)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // where run ends the test
	watched := *w
	watched.Env = append(slices.Clone(w.Env), link.Variable+"="+socket)
	run(t, &watched, 1, "apply", "-no-color", "changes")
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
}

// wantUpdate applies: this resource alone is updated, in place, and all are healthy then.
func wantUpdate(t *testing.T, w *terraform.Workspace, name string) {
	t.Helper()
	folded := wantChanges(t, w)
	wantWords(t, folded, name+" will be updated in-place", "Plan: 0 to add, 1 to change, 0 to destroy")
	_, folded = run(t, w, 0, "apply", "-no-color", "changes")
	wantWords(t, folded, "Resources: 0 added, 1 changed, 0 destroyed")
	for name, a := range attributes(t, w) {
		if strings.HasPrefix(name, "etcdrecovery_") && a["status"] != "healthy" {
			t.Errorf("%s is %v", name, a["status"])
		}
	}
}
