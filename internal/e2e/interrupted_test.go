//go:build linux && e2e

package e2e_test

import (
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
)

// watched is a provider that tells of its steps.
const watched = "./internal/lab/cmd/provider"

// TestInterrupted is a part of the fault matrix on real masters.
func TestInterrupted(t *testing.T) {
	tools, err := terraform.PrepareWith(t.Context(), t.TempDir(), watched, func(text string) { t.Log(text) })
	must(t, err)
	dir := t.TempDir()
	for _, name := range []string{
		"seed 6 (start with the force flag), during, provider killed",
		"member 7 (write the manifest, start), during, SSH cut for 20 s",
		"seed 7 (restart without the flag), during, kubelet restart",
		"seed 5 (copy the data aside, compare), during, Ctrl-C",
		"member 3 (stop etcd), during, master frozen",
		"member 8 (catch up with the leader), before, reboot",
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
