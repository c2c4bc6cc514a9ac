//go:build linux && whole

package provider_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestPrice has two survivors of five, of which one was away while the other went on. Growing from that one has to be
// asked for by name, and the plan says what it costs.
func TestPrice(t *testing.T) {
	l, keys := start(t, lab.Options{Nodes: 5})
	_, common, err := l.CountKeys(t.Context(), "m1")
	if err != nil {
		t.Fatal(err)
	}
	labtest.Written(t, l)
	m1 := l.Node("m1")
	m1.KubeletStop()
	m1.KillEtcd()
	client, err := l.Client(t.Context(), "m2", "m3")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	for i, tries := 0, 0; i < 20; i++ {
		if _, err := client.Put(t.Context(), fmt.Sprintf("later/%d", i), "value"); err != nil {
			if tries++; tries == 10 {
				t.Fatal(err)
			}
			i-- // it may have been the leader that went, and an election can take its time
		}
	}
	_, revision, err := l.CountKeys(t.Context(), "m2")
	if err != nil {
		t.Fatal(err)
	}
	// For good: one that starts with an empty disk would make a majority with the survivors.
	for _, m := range l.Nodes()[2:] {
		m.KubeletStop()
		if err := m.WipeEtcd(); err != nil {
			t.Fatal(err)
		}
	}
	leaderless(t, l, "m2") // or it would send m1 what that one is to lack
	m1.KubeletStart()      // etcd runs, without a quorum: it does not serve, and its data is read from the disk

	outputs := "output \"seed\" { value = data.etcdrecovery_survey.masters.seed }\noutput \"best\" { value = " +
		"data.etcdrecovery_survey.masters.candidates[0] }\noutput \"worse\" { value = " +
		"data.etcdrecovery_survey.masters.candidates[1] }\n"
	w := workspace(t, l, surveyBlock(l)+outputs)
	_, folded := run(t, w, 0, "plan", "-no-color")
	lost := fmt.Sprintf("from_revision = %d", common+1)
	wantWords(t, folded, `seed = "m2"`, lost, fmt.Sprintf("to_revision = %d", revision), `furthest = "m2"`)

	w = workspace(t, l, surveyBlock(l)+seedBlock(`node = "m1"`))
	before := trees(t, l, false)
	folded = wantRefused(t, w, recovery.CodeOthersHaveMore, "plan", "-no-color")
	wantWords(
		t,
		folded,
		"m1 is to be the seed, and a forced start would keep more on m2",
		fmt.Sprintf("with them go revisions %d to %d at most", common+1, revision),
		`accept_less_than = ["m2"]`,
	)
	wantSame(t, before, trees(t, l, false))

	w = workspace(t, l, surveyBlock(l)+seedBlock(`node = "m1"`, `accept_less_than = ["m2"]`))
	_, folded = run(t, w, 0, "plan", "-no-color", "-out=plan")
	wantWords(
		t,
		folded,
		"Writes that etcd has acknowledged can be among these entries",
		`+ furthest = "m2"`,
		"+ "+lost,
	)
	run(t, w, 0, "apply", "-no-color", "plan")
	if got, at, err := l.CountKeys(t.Context(), "m1"); err != nil || got != keys || at != common {
		t.Errorf("m1 has %d keys at revision %d (%v), want %d at %d", got, at, err, keys, common)
	}
	_, folded = run(t, w, 0, "plan", "-no-color", "-detailed-exitcode")
	wantWords(t, folded, "No changes.")
}

// leaderless waits until the etcd of a master has no leader and is none any more.
func leaderless(t *testing.T, l *lab.Lab, name string) {
	t.Helper()
	c, err := l.Client(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	labtest.Within(t, name+" has no leader", func() bool {
		status, err := c.Status(labtest.Timeout(t, time.Second), l.Node(name).ClientURL())
		return err == nil && status.Leader == 0
	})
}
