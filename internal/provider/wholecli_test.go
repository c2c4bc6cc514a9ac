//go:build linux && whole

package provider_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestCommandLine is a recovery of five masters with for_each, as an operator sees it: the plan's text, the apply, the
// same plan again, a master that is off, destroy. No private key is in what Terraform writes, its trace included.
func TestCommandLine(t *testing.T) {
	l, keys := start(t, lab.Options{Nodes: 5})
	loseMajority(t, l)
	w := workspace(t, l, surveyBlock(l)+seedBlock()+forEach(l))
	secrets := privateKeys(t, l)
	log := filepath.Join(t.TempDir(), "trace.log")
	w.Env = []string{"TF_LOG=TRACE", "TF_LOG_PATH=" + log}

	text, folded := run(t, w, 2, "plan", "-no-color", "-detailed-exitcode", "-out=plan")
	wantWords(t, folded, "Plan: 5 to add, 0 to change, 0 to destroy",
		"1/9 "+strings.Join(names(l), ", ")+": ", "m1 is the only master with readable etcd data",
		"- --force-new-cluster=true", "- --initial-cluster-state=existing",
		`old_data = "`+l.Node("m2").Inside("/var/lib/etcd.etcdrecovery/1"))
	wantNoSecret(t, secrets, "the plan", []byte(text))

	run(t, w, 0, "apply", "-no-color", "plan")
	wantKeys(t, l, keys)
	wantSettled(t, w)

	l.Node("m2").PowerOff()
	_, folded = run(t, w, 0, "plan", "-no-color", "-detailed-exitcode")
	wantWords(t, folded, "No changes.", "Warning: m2 does not answer", "its state is kept as it was")
	if err := l.Node("m2").PowerOn(); err != nil {
		t.Fatal(err)
	}

	for _, file := range []string{"terraform.tfstate", "plan"} {
		text, err := os.ReadFile(filepath.Join(w.Dir, file))
		if err != nil {
			t.Fatal(err)
		}
		wantNoSecret(t, secrets, file, text)
	}
	before := trees(t, l, false)
	_, folded = run(t, w, 0, "destroy", "-no-color", "-auto-approve")
	wantWords(t, folded, "on the master are not touched", "Destroy complete! Resources: 5 destroyed.")
	wantSame(t, before, trees(t, l, false))
	for _, m := range l.Nodes() {
		if len(m.EtcdPIDs()) != 1 {
			t.Errorf("etcd does not run on %s after destroy", m.Name())
		}
	}
	trace, err := os.ReadFile(log)
	if err != nil || len(trace) < 100_000 || !bytes.Contains(trace, []byte("step_id="+recovery.StepConfirm)) {
		t.Fatalf("the trace log has %d bytes and is no trace of the run: %v", len(trace), err)
	}
	wantNoSecret(t, secrets, "the trace log", trace)
}

// forEach lets the others join in whatever order.
func forEach(l *lab.Lab) string {
	var names []string
	for _, m := range l.Nodes()[1:] {
		names = append(names, `"`+m.Name()+`"`)
	}
	return `
resource "etcdrecovery_member" "others" {
  for_each  = toset([` + strings.Join(names, ", ") + `])
  node      = data.etcdrecovery_survey.masters.nodes[each.key]
  join      = etcdrecovery_seed.this.cluster
  any_order = true
}
`
}

func names(l *lab.Lab) []string {
	var all []string
	for _, m := range l.Nodes() {
		all = append(all, m.Name())
	}
	return all
}
