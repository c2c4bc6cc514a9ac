//go:build linux && whole

package provider_test

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// TestManagedMasters has five masters with etcd 3.5 and a controller that looks after them: each plan
// that changes something says what to do about it, and no other.
func TestManagedMasters(t *testing.T) {
	l, keys := start(t, lab.Options{Nodes: 5, Etcd: "3.5", Manifest: managed})
	warns := func(text string, want bool) {
		t.Helper()
		if got := strings.Contains(text, "Deckhouse looks after"); got != want {
			t.Errorf("warned: %v, want %v:\n%s", got, want, text)
		}
	}
	_, folded := run(t, workspace(t, l, surveyBlock(l)), 0, "plan", "-no-color")
	warns(folded, false)

	loseMajority(t, l)
	w := workspace(t, l, surveyBlock(l)+seedBlock()+chain(l))
	_, folded = run(t, w, 0, "plan", "-no-color")
	warns(folded, true)
	wantWords(t, folded, "Deckhouse looks after m1, m2, m3, m4, m5", "d8 system module disable control-plane-manager")
	run(t, w, 0, "apply", "-auto-approve", "-no-color")
	wantRecovered(t, l, w, keys)
	_, folded = run(t, w, 0, "plan", "-detailed-exitcode", "-no-color")
	warns(folded, false)

	wipe(t, l.Node("m3"))
	writes := writer(t, l, "m1", "m2", "m4", "m5")
	folded = wantChanges(t, w)
	warns(folded, true)
	wantWords(t, folded, "Deckhouse looks after m3,")
	wantUpdate(t, w, "etcdrecovery_member.m3")
	wantAllWrites(t, l, writes.Stop())
}

func managed(_ string, text []byte) []byte {
	annotation := "  annotations:\n    control-plane-manager.deckhouse.io/checksum: \"1f2e\"\n"
	return []byte(strings.Replace(string(text), "  annotations:\n", annotation, 1))
}
