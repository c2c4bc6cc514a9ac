//go:build linux && whole

package provider_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestChangedSinceThePlan has manifests as kubeadm upgrade leaves them, so that wiped masters found clusters of their
// own, which are put aside. A colleague edits one of them between plan and apply: the apply stops with our own words,
// before it touches anything. Then it recovers.
func TestChangedSinceThePlan(t *testing.T) {
	l, keys := start(t, lab.Options{Etcd: "3.6", Shape: lab.SelfOnly})
	wipe(t, l.Nodes()[1:]...)
	w := workspace(t, l, surveyBlock(l)+seedBlock(`node = "m1"`)+chain(l))
	for _, m := range l.Nodes()[1:] {
		if err := l.WaitHealthy(t.Context(), m.Name()); err != nil {
			t.Fatal(err)
		}
	}
	wantRefused(t, w, recovery.CodeClusterBehind, "plan", "-no-color")
	for _, m := range l.Nodes()[1:] {
		putAside(t, m)
	}
	run(t, w, 0, "plan", "-no-color", "-out=plan")

	file := l.Node("m2").Path("/var/lib/etcdrecovery/parked/etcd.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, "# edited by a colleague\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	before := filesOf(t, l)
	folded := wantRefused(t, w, recovery.CodeNodeChanged, "apply", "-no-color", "plan")
	wantWords(t, folded, "m2", "run terraform plan again")
	wantSame(t, before, filesOf(t, l)) // with no lock and no journal

	run(t, w, 0, "apply", "-no-color", "-auto-approve")
	wantRecovered(t, l, w, keys)
	wantSettled(t, w)
}

// filesOf are the files of a recovery on each node, of the kubelet's folders and of the work folder, with their texts.
// Empty folders do not count: the lock was in one.
func filesOf(t *testing.T, l *lab.Lab) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, m := range l.Nodes() {
		for _, dir := range []string{"/etc/kubernetes", "/var/lib/etcdrecovery"} {
			err := filepath.WalkDir(m.Path(dir), func(path string, entry fs.DirEntry, err error) error {
				if errors.Is(err, fs.ErrNotExist) || err == nil && !entry.Type().IsRegular() {
					return nil
				} else if err != nil {
					return err
				}
				text, err := os.ReadFile(path)
				all[m.Name()] += fmt.Sprintf("%s:\n%s\n", path, text)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

// putAside stops etcd and moves its data away, as the guide has it.
func putAside(t *testing.T, m lab.Node) {
	t.Helper()
	parked := m.Path("/var/lib/etcdrecovery/parked/etcd.yaml")
	if err := os.MkdirAll(filepath.Dir(parked), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(m.Path("/etc/kubernetes/manifests/etcd.yaml"), parked); err != nil {
		t.Fatal(err)
	}
	labtest.Within(t, "etcd still runs on "+m.Name(), func() bool { return len(m.EtcdPIDs()) == 0 })
	data := m.Path("/var/lib/etcd")
	if err := os.Rename(filepath.Join(data, "member"), data+".founded-anew"); err != nil {
		t.Fatal(err)
	}
}
