//go:build linux

package provider_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// TestPrice has two survivors of five, of which one was away while the other went on. Growing from that one has to be asked for by name, and
// the plan says what it costs.
func TestPrice(t *testing.T) {
	l, keys := start(t, lab.Options{Masters: 5})
	time.Sleep(300 * time.Millisecond) // the keys are in the database, too
	m1 := l.Master("m1")
	m1.KubeletStop()
	m1.KillEtcd()
	client, err := l.Client(t.Context(), "m2", "m3")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	for i := range 20 {
		if _, err := client.Put(t.Context(), fmt.Sprintf("later/%d", i), "value"); err != nil {
			t.Fatal(err)
		}
	}
	_, revision, err := l.CountKeys(t.Context(), "m2")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range l.Masters()[2:] { // for good: one that starts with an empty disk would make a majority with the survivors
		m.KubeletStop()
		if err := m.WipeEtcd(); err != nil {
			t.Fatal(err)
		}
	}
	m1.KubeletStart() // etcd runs, without a quorum: it does not serve, and its data is read from the disk

	outputs := "output \"seed\" { value = data.etcdrecovery_survey.masters.seed }\noutput \"best\" { value = data.etcdrecovery_survey.masters.candidates[0] }\noutput \"worse\" { value = data.etcdrecovery_survey.masters.candidates[1] }\n"
	w := workspace(t, l, surveyBlock(l)+outputs)
	_, folded := run(t, w, 0, "plan", "-no-color")
	lost := fmt.Sprintf("from_revision = %d", revision-19)
	wantWords(t, folded, `seed = "m2"`, lost, fmt.Sprintf("to_revision = %d", revision), `furthest = "m2"`)

	w = workspace(t, l, surveyBlock(l)+seedBlock(`node = "m1"`))
	before := trees(t, l, false)
	_, folded = run(t, w, 1, "plan", "-no-color")
	wantWords(t, folded, "Another Master Has More", "m1 is to be the seed, and a forced start would keep more on m2", fmt.Sprintf("with them go revisions %d to %d at most", revision-19, revision), `accept_less_than = ["m2"]`)
	wantSame(t, before, trees(t, l, false))

	w = workspace(t, l, surveyBlock(l)+seedBlock(`node = "m1"`, `accept_less_than = ["m2"]`))
	_, folded = run(t, w, 0, "plan", "-no-color", "-out=plan")
	wantWords(t, folded, "Warning: The Forced Start Loses Data", "Writes that etcd has acknowledged can be among these entries", `+ furthest = "m2"`, "+ "+lost)
	run(t, w, 0, "apply", "-no-color", "plan")
	if got, at, err := l.CountKeys(t.Context(), "m1"); err != nil || got != keys || at != revision-20 {
		t.Errorf("m1 has %d keys at revision %d (%v), want %d at %d", got, at, err, keys, revision-20)
	}
	_, folded = run(t, w, 0, "plan", "-no-color", "-detailed-exitcode")
	wantWords(t, folded, "No changes.")
}
