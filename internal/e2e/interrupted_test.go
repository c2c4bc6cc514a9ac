//go:build linux && e2e

package e2e_test

import (
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
)

// watched is a provider that tells of its steps.
const watched = "./internal/lab/faults/provider"

// TestInterrupted is a part of the fault matrix on real masters.
func TestInterrupted(t *testing.T) {
	tools, err := terraform.PrepareWith(t.Context(), t.TempDir(), watched, func(text string) { t.Log(text) })
	must(t, err)
	dir := t.TempDir()
	for _, name := range []string{
		"seed force, during, provider killed",
		"member start, during, SSH cut for 20 s",
		"seed unforce, during, kubelet restart",
		"seed copy, during, Ctrl-C",
		"member stop, during, master frozen",
		"member catch-up, before, reboot",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range faults.Cases() {
				if c.String() != name {
					continue
				}
				r := (&faults.Runner{Tools: tools, Dir: dir, Lab: lab.Options{Grade: lab.Machines}, Seed: 1}).Run(
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
