//go:build linux

package faults

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults/link"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// named returns the cases of these names, in this order.
func named(t *testing.T, names ...string) []Case {
	t.Helper()
	var all []Case
	for _, name := range names {
		i := slices.IndexFunc(Cases(), func(c Case) bool { return c.String() == name })
		if i < 0 {
			t.Fatalf("there is no case %q", name)
		}
		all = append(all, Cases()[i])
	}
	return all
}

func TestInSeries(t *testing.T) {
	cases := named(t,
		"member catch-up, before, reboot",
		"seed copy, during, Ctrl-C",
		"seed unforce, after, kubelet restart",
		"seed force, during, provider killed",
		"seed unforce, before, etcd crash",
	)
	got := InSeries(cases, 3)
	want := []string{
		"seed unforce, before, etcd crash; then seed unforce, after, kubelet restart; " +
			"then member catch-up, before, reboot",
		"seed copy, during, Ctrl-C; then seed force, during, provider killed",
	}
	if len(got) != len(want) {
		t.Fatalf("got %d series, want %d", len(got), len(want))
	}
	for i, s := range got {
		if s.String() != want[i] {
			t.Errorf("got  %s\nwant %s", s, want[i])
		}
	}
	if all := InSeries(Cases(), 1); len(all) != len(Cases()) {
		t.Errorf("%d series of one, of %d cases", len(all), len(Cases()))
	}
	if InSeries(nil, 3) != nil {
		t.Error("no cases are no series")
	}
}

// TestDue has the faults of a series strike in turn, each once, and none before its moment.
func TestDue(t *testing.T) {
	cases := named(
		t,
		"seed force, during, provider killed",
		"seed unforce, after, reboot",
		"member lock, before, reboot",
	)
	a := &attempt{Case: cases[0], later: cases[1:]}
	seed, member := recovery.OperationSeed, recovery.OperationMember
	for i, e := range []struct {
		event link.Event
		due   string
	}{
		{link.Event{Operation: seed, ID: recovery.StepUnforce, Acted: true}, ""}, // its turn has not come
		{link.Event{Operation: seed, ID: recovery.StepForce, Acted: true}, ""},
		{link.Event{Operation: seed, ID: recovery.StepForce}, "seed force, during, provider killed"},
		{link.Event{Operation: seed, ID: recovery.StepForce}, ""}, // by the apply that goes on
		{link.Event{Operation: member, ID: recovery.StepLock}, ""},
		{link.Event{Operation: seed, ID: recovery.StepUnforce}, ""},
		{link.Event{Operation: seed, ID: recovery.StepUnforce, Acted: true}, "seed unforce, after, reboot"},
		{link.Event{Operation: member, ID: recovery.StepLock}, "member lock, before, reboot"},
		{link.Event{Operation: member, ID: recovery.StepLock}, ""}, // of the second member
	} {
		got := ""
		e.event.PID = os.Getpid()
		if a.due(e.event) {
			got = a.String()
			a.striking.Done()
		}
		if got != e.due {
			t.Errorf("event %d: %q is due, want %q", i, got, e.due)
		}
	}
	if len(a.later) > 0 || !a.result.Struck {
		t.Errorf("left are %v", a.later)
	}
}

// TestAgain has a fault wait for the next apply where the one before has ended its own.
func TestAgain(t *testing.T) {
	cases := named(t, "seed force, during, reboot", "seed unforce, during, provider killed")
	a := &attempt{Case: cases[0], later: cases[1:]}
	a.result.Then = cases[1:]
	due := func(step recovery.StepID, pid int) bool {
		if !a.due(link.Event{Operation: recovery.OperationSeed, ID: step, PID: pid}) {
			return false
		}
		a.striking.Done()
		return true
	}
	gone := exec.CommandContext(t.Context(), "true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	if !due(recovery.StepForce, os.Getpid()) || due(recovery.StepUnforce, gone.Process.Pid) {
		t.Error("the second one strikes a provider that has ended")
	}
	if !due(recovery.StepUnforce, os.Getpid()) || !a.again(syscall.Kill(gone.Process.Pid, syscall.SIGKILL)) {
		t.Error("the second one has struck nothing, and has no other chance")
	}
	if !due(recovery.StepUnforce, os.Getpid()) || a.again(errNotStruck) {
		t.Error("another chance is not taken, or given for another error")
	}
}

var errNotStruck = errors.New("something else")
