//go:build linux && e2e

package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// TestNotReady has the newest etcd and kubelet. It looks at the machines themselves, plans while one at a time is not
// fit, and recovers when all are.
func TestNotReady(t *testing.T) {
	l, count := start(t, lab.Options{DiskSize: 1 << 30})
	machines(t, l)
	m1, m2 := l.Node("m1"), l.Node("m2")
	for _, m := range l.Nodes()[1:] {
		m.KubeletStop() // two wiped masters found the cluster anew while the etcd of m1 is down, as it is below
		must(t, m.WipeEtcd())
	}
	w := workspace(t, l)
	plan := func(code int) string { return run(t, w, code, "plan", "-detailed-exitcode") }

	t.Run("a backup in the seed's folder", func(t *testing.T) {
		remove := copied(t, m1, "etcd.yaml.bak")
		refuses(
			t,
			l,
			plan,
			"m1: /etc/kubernetes/manifests/etcd.yaml and /etc/kubernetes/manifests/etcd.yaml.bak are both the pod "+
				"kube-system/etcd",
			"Move one of them out of /etc/kubernetes/manifests",
		)
		remove()
	})
	t.Run("no kubelet on the seed", func(t *testing.T) {
		m1.KubeletStop()
		refuses(
			t,
			l,
			plan,
			"The Kubelet Does Not Run",
			"no kubelet runs on m1 (systemctl is-active kubelet: inactive)",
			"start it, then plan again",
		)
		m1.KubeletStart()
	})
	// A kubelet starts etcd anew when a second file has its pod, and stops it when that file goes, until it reads the
	// folder once more.
	until(t, "the etcd of m1", time.Minute, func() bool { return len(m1.EtcdPIDs()) == 1 })
	t.Run("no image on the seed", func(t *testing.T) {
		m1.RemoveImage()
		refuses(t, l, plan, "the image registry.k8s.io/etcd", "is not on m1", "pull or import it, then plan again")
		m1.RestoreImage()
	})
	t.Run("no kubelet on a joining master", func(t *testing.T) {
		refuses(t, l, plan, "The Kubelet Does Not Run", "no kubelet runs on m2", "start it, then plan again")
	})
	for _, m := range l.Nodes()[1:] {
		m.KubeletStart()
	}
	t.Run("no image on a joining master", func(t *testing.T) {
		m2.RemoveImage()
		refuses(t, l, plan, "the image registry.k8s.io/etcd", "is not on m2", "pull or import it, then plan again")
		m2.RestoreImage()
	})
	for _, name := range []string{"etcd.yaml~", "old-etcd"} {
		t.Run(name+" in a joining master's folder", func(t *testing.T) {
			defer copied(t, m2, name)()
			refuses(t, l, plan, "m2: /etc/kubernetes/manifests/", name, "are both the pod kube-system/etcd")
		})
	}
	for _, m := range l.Nodes() { // what no kubelet takes for a pod
		copied(t, m, ".etcd.yaml.swp")
		written(t, m, "etcd.yaml.empty", "")
		written(t, m, "README", "etcd.yaml is kubeadm's.\n")
		written(t, m, "etcd.yaml.broken", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: etcd\n spec: {")
	}
	written(t, m2, "etcd-note.yaml", otherPod)
	var note string
	until(
		t,
		"the other pod",
		30*time.Second,
		func() bool { note = containersOf(t, m2, "etcd-note-m2"); return strings.Count(note, "\n") == 2 },
	)
	apply(t, w)
	recovered(t, l, count)
	if got := containersOf(t, m2, "etcd-note-m2"); got != note {
		t.Errorf("the containers of another pod were\n%sand are\n%s", note, got)
	}
}

// otherPod has a name that begins as etcd's.
const otherPod = `apiVersion: v1
kind: Pod
metadata:
  name: etcd-note
  namespace: kube-system
spec:
  hostNetwork: true
  containers:
  - name: note
    image: registry.k8s.io/pause:3.10
`

// containersOf are the IDs of a pod's containers, with its sandbox.
func containersOf(t *testing.T, m lab.Node, pod string) string {
	t.Helper()
	return command(t, m, "ctr", "-n", "k8s.io", "containers", "ls", "-q", `labels."io.kubernetes.pod.name"=="`+pod+`"`)
}
