//go:build linux && whole

package provider_test

import (
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestGivenUpMaster has a log folder of its own, and recovers without a master that is off: only once the operator has
// said so.
func TestGivenUpMaster(t *testing.T) {
	l, keys := start(t, lab.Options{Etcd: "3.5", WALDir: true})
	l.Node("m3").PowerOff()
	if err := l.Lose(l.Node("m2")); err != nil {
		t.Fatal(err)
	}
	silent := workspace(t, l, surveyBlock(l)+seedBlock())
	folded := wantRefused(t, silent, recovery.CodeUnreachable, "plan", "-no-color")
	wantWords(t, folded, "m3")

	member := memberBlock("m2", "etcdrecovery_seed.this.cluster")
	w := workspace(t, l, surveyBlock(l)+seedBlock(`lost_nodes = ["m3"]`)+member)
	run(t, w, 0, "apply", "-no-color", "-auto-approve")
	wantSettled(t, w)
	for _, name := range []string{"m1", "m2"} {
		if got, _, err := l.CountKeys(t.Context(), name); err != nil || got != keys {
			t.Errorf("%s has %d keys (%v), want %d", name, got, err, keys)
		}
	}
}
