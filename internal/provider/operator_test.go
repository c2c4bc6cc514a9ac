//go:build linux

package provider_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestOperator is the life of one cluster, as its operator sees it: alive, lost, recovered, drifting, forgotten,
// imported, stopped. No private key is in what Terraform writes, its trace included. The tests that only run with the
// build tag whole have each part on a cluster of its own, and more of it.
func TestOperator(t *testing.T) {
	l, keys := start(t, lab.Options{})
	o := &operator{l: l, dir: t.TempDir(), secrets: privateKeys(t, l), log: filepath.Join(t.TempDir(), "trace.log")}
	for _, part := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"alive", o.alive},
		{"changed since the plan", o.changed},
		{"recovered", func(t *testing.T) { o.recovered(t, keys) }},
		{"a node that was wiped", o.wiped},
		{"a node that is off", o.off},
		{"forgotten", o.forgotten},
		{"imported", o.imported},
		{"stopped", o.stopped},
	} {
		if !t.Run(part.name, part.run) {
			return // what comes after begins with what this part leaves
		}
	}
}

type operator struct {
	l       *lab.Lab
	dir     string // of w: parts go on with what an earlier one has in its state
	w       *terraform.Workspace
	secrets [][]byte
	log     string // Terraform's trace
}

// alive surveys a cluster that works, in OpenSSH's own way, and does not force it when it has lost a member.
func (o *operator) alive(t *testing.T) {
	t.Run("OpenSSH", func(t *testing.T) {
		wantWords(t, openSSH(t, o.l), "alive: a quorum of 3 voters answers (m1, m2, m3)")
	})
	wipe(t, o.l.Node("m3"))
	before := trees(t, o.l, false)
	w := workspace(t, o.l, surveyBlock(o.l)+seedBlock(`node = "m1"`))
	folded := wantRefused(t, w, recovery.CodeClusterAlive, "plan", "-no-color")
	wantWords(t, folded, "etcdrecovery_member")
	wantSame(t, before, trees(t, o.l, false))
}

// changed plans a recovery, and somebody edits a manifest before it is applied: the apply stops with our own words,
// before it touches anything.
func (o *operator) changed(t *testing.T) {
	l := o.l
	loseMajority(t, l)
	o.w = workspaceIn(t, o.dir, l, surveyBlock(l)+seedBlock()+chain(l))
	o.w.Env = []string{"TF_LOG=TRACE", "TF_LOG_PATH=" + o.log}
	text, folded := run(t, o.w, 2, "plan", "-no-color", "-detailed-exitcode", "-out=plan")
	wantWords(t, folded, "Plan: 3 to add, 0 to change, 0 to destroy", "1/9 m1, m2, m3: take the lock",
		"m1 is the only master with readable etcd data",
		"- --force-new-cluster=true", "- --initial-cluster-state=existing",
		`old_data = "`+l.Node("m2").Inside("/var/lib/etcd.etcdrecovery/1"))
	wantNoSecret(t, o.secrets, "the plan", []byte(text))
	saved, err := os.ReadFile(filepath.Join(o.w.Dir, "plan"))
	if err != nil {
		t.Fatal(err)
	}
	wantNoSecret(t, o.secrets, "the saved plan", saved)

	file := l.Node("m2").Path("/etc/kubernetes/manifests/etcd.yaml")
	manifest, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(manifest, "# edited by a colleague\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	before := trees(t, l, false)
	folded = wantRefused(t, o.w, recovery.CodeNodeChanged, "apply", "-no-color", "plan")
	wantWords(t, folded, "m2", "run terraform plan again")
	after := trees(t, l, false)
	for name := range after { // only the journal's folder with the lock may have been made, and it is empty again
		after[name] = strings.TrimSuffix(after[name], ", with a work folder")
	}
	wantSame(t, before, after)
}

// recovered recovers the cluster. A client writes from the moment the seed is up until the last member is in, and sees
// no outage.
func (o *operator) recovered(t *testing.T, keys int64) {
	begun := make(chan *lab.Writer, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { begun <- writeOnceUp(ctx, t, o.l) }()
	run(t, o.w, 0, "apply", "-no-color", "-auto-approve")
	writes := writesOf(t, begun)
	wantAllWrites(t, o.l, writes)
	wantRecovered(t, o.l, o.w, wantCounted(t, o.l, keys, writes))
	state, err := os.ReadFile(filepath.Join(o.w.Dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	wantNoSecret(t, o.secrets, "the state", state)
}

// wiped lets a node in again that has lost its data, by an update in place. One that is broken off, with the manifest
// parked or as a learner, goes on with the next.
func (o *operator) wiped(t *testing.T) {
	wipe(t, o.l.Node("m3"))
	breakOff(t, o.w, recovery.StepMoveAside)
	breakOff(t, o.w, recovery.StepCatchUp)
	wantUpdate(t, o.w, "etcdrecovery_member.m3")
}

// off plans while a node is off: its state is kept, and nothing is left to do after the recovery and the rejoin.
func (o *operator) off(t *testing.T) {
	m2 := o.l.Node("m2")
	m2.PowerOff()
	_, folded := run(t, o.w, 0, "plan", "-no-color", "-detailed-exitcode")
	wantWords(t, folded, "No changes.", "Warning: m2 does not answer", "its state is kept as it was")
	if err := m2.PowerOn(); err != nil {
		t.Fatal(err)
	}
	if err := o.l.WaitHealthy(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// forgotten destroys, which touches nothing. What is forgotten need not be looked at once more.
func (o *operator) forgotten(t *testing.T) {
	before := trees(t, o.l, false)
	_, folded := run(t, o.w, 0, "destroy", "-no-color", "-auto-approve", "-refresh=false")
	wantWords(t, folded, "on the master are not touched", "Destroy complete! Resources: 3 destroyed.")
	wantSame(t, before, trees(t, o.l, false))
	for _, m := range o.l.Nodes() {
		if len(m.EtcdPIDs()) != 1 {
			t.Errorf("etcd does not run on %s after destroy", m.Name())
		}
	}
	trace, err := os.ReadFile(o.log)
	if err != nil || len(trace) < 100_000 || !bytes.Contains(trace, []byte("step_id="+recovery.StepConfirm)) {
		t.Fatalf("the trace log has %d bytes and is no trace of the run: %v", len(trace), err)
	}
	wantNoSecret(t, o.secrets, "the trace log", trace)
}

// imported takes over a node that is well: it needs nothing, and the state learns of the other nodes.
func (o *operator) imported(t *testing.T) {
	o.w = workspace(t, o.l, surveyBlock(o.l)+memberBlock("m2", "data.etcdrecovery_survey.masters.cluster"))
	run(t, o.w, 0, "import", "-no-color", "etcdrecovery_member.m2", importID(o.l.Node("m2")))
	wantUpdate(t, o.w, "etcdrecovery_member.m2")
	wantSettled(t, o.w)
}

// stopped has all of etcd stopped, with the data in place: it is not forced.
func (o *operator) stopped(t *testing.T) {
	for _, m := range o.l.Nodes() {
		m.KubeletStop()
		m.KillEtcd()
	}
	before := trees(t, o.l, true)
	config := surveyBlock(o.l) + strings.Replace(seedBlock(`node = "m1"`), `"test"`, `"again"`, 1)
	folded := wantRefused(t, workspace(t, o.l, config), recovery.CodeClusterStartable, "plan", "-no-color")
	wantWords(t, folded, "3 of 3 voters", "start etcd on these masters")
	wantSame(t, before, trees(t, o.l, true))
}
