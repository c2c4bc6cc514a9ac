//go:build linux

package faults

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestChecks shows each check at the end of a case a state that it must refuse, and then one that it must not.
func TestChecks(t *testing.T) {
	l, err := lab.Start(t.Context(), lab.Options{Nodes: 1})
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	must(t, l.Fill(t.Context(), keys, 100))
	m := l.Node(survivor)
	a := &attempt{lab: l}
	write := func(name, text string) {
		t.Helper()
		must(t, os.MkdirAll(filepath.Dir(m.Path(name)), 0o700))
		must(t, os.WriteFile(m.Path(name), []byte(text), 0o600))
	}
	remove := func(name string) { must(t, os.RemoveAll(m.Path(name))) }
	refused := func(what string, err error, says string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", what, err, says)
		}
	}

	journal := func(finished time.Time) string {
		j := recovery.Journal{Operation: "seed", ID: "lab", Phase: recovery.PhaseUnforced}
		if !finished.IsZero() {
			j.End(recovery.PhaseFinished, finished)
		}
		text, err := json.Marshal(j)
		must(t, err)
		return string(text)
	}
	const finished, other = "/var/lib/etcdrecovery/seed-lab.journal", "/var/lib/etcdrecovery/member-old.journal"
	refused("no journal", clean(m), "0 journals")
	write(finished, journal(time.Time{}))
	refused("a journal that is open", clean(m), "1 journals, of which 0 are finished")
	write(finished, journal(time.Now()))
	write(other, journal(time.Now()))
	refused("two journals", clean(m), "2 journals")
	remove(other)
	for _, name := range []string{
		"/var/lib/etcdrecovery/lock",
		"/var/lib/etcdrecovery/lock.1.gone",
		"/var/lib/etcdrecovery/parked/etcd.yaml",
		"/var/lib/etcdrecovery/.etcdrecovery-seed-lab.journal",
		"/etc/kubernetes/manifests/.etcdrecovery-etcd.yaml",
		"/var/lib/etcd.etcdrecovery/1.copying",
	} {
		write(name, "")
		refused(name, clean(m), "left on m1")
		remove(name)
	}
	must(t, clean(m))

	kept := "/var/lib/etcd.etcdrecovery/1"
	refused("no old data", a.kept(), "kept in []")
	write(kept+"/member/snap/db", "data")
	a.digest = digest(m.Path(kept + "/member"))
	write(kept+"/member/snap/db", "datb")
	refused("old data that was changed", a.kept(), "not what was there")
	write(kept+"/member/snap/db", "data")
	write("/var/lib/etcd.etcdrecovery/2/member/snap/db", "data")
	refused("two copies", a.kept(), "want one place")
	remove("/var/lib/etcd.etcdrecovery/2")
	must(t, a.kept())
	a.digest = ""
	refused("old data that was never looked at", a.kept(), "not what was there")

	must(t, a.filled(t.Context(), survivor))
	c, err := l.Client(t.Context())
	must(t, err)
	defer func() { must(t, c.Close()) }()
	_, err = c.Delete(t.Context(), "fill/00000007")
	must(t, err)
	refused("a key that is gone", a.filled(t.Context(), survivor), "199 of 200 keys")

	must(t, noForce(m))
	const manifest = "/etc/kubernetes/manifests/etcd.yaml"
	text, err := os.ReadFile(m.Path(manifest))
	must(t, err)
	forced := strings.Replace(string(text), "    - etcd\n", "    - etcd\n    - --force-new-cluster=true\n", 1)
	before := m.EtcdPIDs()
	write("/etc/kubernetes/manifests/etcd-copy.yaml~", forced) // whatever its name
	m.KubeletStop()
	refused("a second manifest with the flag", noForce(m), "the force flag is left")
	remove("/etc/kubernetes/manifests/etcd-copy.yaml~")
	write(manifest, forced)
	refused("a manifest with the flag", noForce(m), "the force flag is left")
	m.KubeletStart()
	labtest.Within(t, "etcd with the flag", func() bool {
		pids := m.EtcdPIDs()
		return len(pids) == 1 && pids[0] != before[0]
	})
	m.KubeletStop()
	write(manifest, string(text))
	refused("a process with the flag", noForce(m), "the force flag is left")
}

// TestPlannedCheck has a plan with something left to do, and then one without.
func TestPlannedCheck(t *testing.T) {
	l, err := lab.Start(t.Context(), lab.Options{Nodes: 1})
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	tools, err := terraform.Prepare(t.Context(), t.TempDir(), func(text string) { t.Log(text) })
	must(t, err)
	a := &attempt{lab: l}
	a.work, err = tools.Chain(t.TempDir(), l)
	must(t, err)
	for name, text := range map[string]string{
		"main.tf":      "output \"one\" {\n  value = 1\n}\n",
		"variables.tf": "",
		"outputs.tf":   "",
	} {
		must(t, os.WriteFile(filepath.Join(a.work.Dir, name), []byte(text), 0o600))
	}
	must(t, os.Remove(filepath.Join(a.work.Dir, "terraform.tfvars.json")))
	if err := a.planned(t.Context()); err == nil || !strings.Contains(err.Error(), "ended with 2") {
		t.Errorf("something is left to do: %v", err)
	}
	_, err = a.work.Run(t.Context(), nil, "apply", "-auto-approve", "-no-color")
	must(t, err)
	must(t, a.planned(t.Context()))
}
