//go:build linux && e2e

package e2e_test

import (
	"flag"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
)

// watched is a provider that tells of its steps.
const watched = "./internal/lab/cmd/provider"

var allInterrupts = flag.Bool("all-interrupts", false, "all cases of TestInterrupted, and not only the first three")

// TestInterrupted is a part of the fault matrix on real masters.
func TestInterrupted(t *testing.T) {
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
	if !*allInterrupts {
		names = names[:3]
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range faults.Cases() {
				if c.String() != name {
					continue
				}
				r := (&faults.Runner{Tools: with, Dir: dir, Lab: lab.Options{Grade: lab.Debian}, Seed: 1}).Run(
					t.Context(),
					c,
				)
				t.Logf(
					"%d applies in %.0f s, %d acknowledged writes while members joined",
					r.Applies,
					r.Took.Seconds(),
					r.Writes,
				)
				if r.Err != nil {
					t.Fatalf("%v\n%s", r.Err, r.Log)
				}
				return
			}
			t.Fatal("there is no such case")
		})
	}
}
