//go:build linux && e2e

package e2e_test

import (
	"flag"
	"slices"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
)

// watched is a provider that tells of its steps.
const watched = "./internal/lab/cmd/provider"

var allInterrupts = flag.Bool("all-interrupts", false, "all cases of TestInterrupted, each on masters of its own")

// TestInterrupted is a part of the fault matrix on real masters: three of its cases strike one recovery, one after the
// other.
func TestInterrupted(t *testing.T) {
	t.Parallel() // or the tests after it would wait for its masters
	with, err := terraform.PrepareWith(t.Context(), t.TempDir(), watched, func(text string) { t.Log(text) })
	must(t, err)
	dir := t.TempDir()
	names := []string{
		"seed force, during, provider killed",
		"seed unforce, during, kubelet restart",
		"member catch-up, before, reboot",
		"member start, during, SSH cut for 20 s",
		"seed copy, during, Ctrl-C",
		"member stop, during, master frozen",
	}
	together := 1
	if !*allInterrupts {
		names, together = names[:3], 3
	}
	cases := slices.DeleteFunc(faults.Cases(), func(c faults.Case) bool { return !slices.Contains(names, c.String()) })
	if len(cases) != len(names) {
		t.Fatalf("of %q there are only %v", names, cases)
	}
	for _, s := range faults.InSeries(cases, together) {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			runner := &faults.Runner{Tools: with, Dir: dir, Lab: lab.Options{Grade: lab.Debian}, Seed: 1}
			r := runner.RunSeries(t.Context(), s)
			t.Logf(
				"%d applies in %.0f s, %d acknowledged writes while members joined",
				r.Applies,
				r.Took.Seconds(),
				r.Writes,
			)
			if r.Err != nil {
				t.Fatalf("%v\n%s", r.Err, r.Log)
			}
			t.Log(r.Log)
		})
	}
}
