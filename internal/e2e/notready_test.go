//go:build linux && e2e

package e2e_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// TestNotReady has the newest etcd and kubelet. It looks at the machines themselves, at disks that are not mounted, at
// masters that are not fit, and recovers when all are. What a real kubelet, systemd and runtime show of such a master
// is read here. Which refusal comes of it is decided from the evidence alone, for one master at a time while the others
// are as they should be.
func TestNotReady(t *testing.T) {
	l, count := start(t, lab.Options{DiskSize: 1 << 30})
	machines(t, l)
	m1, m2, m3 := l.Node("m1"), l.Node("m2"), l.Node("m3")
	w, nodes := workspace(t, l), nodesOf(t, l, l.SSHUser())
	count = unmounted(t, l, w, nodes, count)
	for _, m := range l.Nodes()[1:] {
		m.KubeletStop() // two wiped masters found the cluster anew while the etcd of m1 is down, as it is below
		must(t, m.WipeEtcd())
	}
	plan := func(code int) string { return run(t, w, code, "plan", "-detailed-exitcode") }
	look := func() recovery.Survey {
		all := survey.Take(t.Context(), nodes, time.Now())
		for _, e := range all {
			if silent := e.Unsaid(); len(silent) > 0 {
				t.Errorf("the evidence on %s is silent of %v", e.Name, silent)
			}
		}
		return all
	}
	foundedBeside(t, l, look)

	t.Run("no kubelet on a joining master", func(t *testing.T) {
		refuses(t, l, plan, noKubelet("m2")...)
	})
	m2.KubeletStart()
	m3.KubeletStart()
	var fit recovery.Survey
	until(t, "masters that are not refused", time.Minute, func() bool { // one may not be heard in time
		fit = look()
		err := errors.Join(decideSeed(fit), decideMembers(fit))
		if err != nil {
			t.Log(err)
		}
		return err == nil
	})
	m1.KubeletStop() // one that runs starts etcd anew when a second file has its pod
	bak, tilde := copied(t, m1, "etcd.yaml.bak"), copied(t, m2, "etcd.yaml~")
	m3.RemoveImage()
	untouched(t, l, func() {
		unfit := look()
		refusedAs(t, decideSeed(with(fit, unfit, "m1")), recovery.CodeDataNotFound,
			"m1: /etc/kubernetes/manifests/etcd.yaml and /etc/kubernetes/manifests/etcd.yaml.bak are both the pod "+
				"kube-system/etcd",
			"Move one of them out of /etc/kubernetes/manifests")
		refusedAs(t, decideMembers(with(fit, unfit, "m2")), recovery.CodeDataUnknown,
			"m2: /etc/kubernetes/manifests/", "etcd.yaml~", "are both the pod kube-system/etcd")
		refusedAs(t, decideMembers(with(fit, unfit, "m3")), recovery.CodeNodeNotReady, noImage("m3")...)
	})
	bak()
	tilde()
	m3.RestoreImage()
	old := copied(t, m2, "old-etcd")
	untouched(t, l, func() {
		unfit := look()
		refusedAs(t, decideSeed(with(fit, unfit, "m1")), recovery.CodeKubeletDown, noKubelet("m1")...)
		refusedAs(t, decideMembers(with(fit, unfit, "m2")), recovery.CodeDataUnknown,
			"m2: /etc/kubernetes/manifests/", "old-etcd", "are both the pod kube-system/etcd")
	})
	old()
	m1.KubeletStart()
	until(t, "the etcd of m1", time.Minute, func() bool { return len(m1.EtcdPIDs()) == 1 })
	t.Run("no image on the seed", func(t *testing.T) {
		m1.RemoveImage()
		refuses(t, l, plan, noImage("m1")...)
		m1.RestoreImage()
	})
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

// noKubelet is what is said of a master whose kubelet was stopped.
func noKubelet(name string) []string {
	return []string{
		"no kubelet runs on " + name + " (systemctl is-active kubelet: inactive)",
		"start it, then plan again",
	}
}

// noImage is what is said of a master without the image of its etcd.
func noImage(name string) []string {
	return []string{"the image registry.k8s.io/etcd", "is not on " + name, "pull or import it, then plan again"}
}

// with is a survey in which one master is as another survey found it.
func with(all, other recovery.Survey, name string) recovery.Survey {
	all = slices.Clone(all)
	for i := range all {
		if all[i].Name == name {
			all[i] = other.Node(name)
		}
	}
	return all
}

// decideSeed returns why the recovery from m1 is refused, nil where it is not.
func decideSeed(all recovery.Survey) error {
	_, err := planner.DecideSeed(all, planner.SeedRequest{Node: "m1", RecoveryID: "test"})
	return err
}

// decideMembers returns why m2 or m3 may not join what m1 will be after its recovery, nil where both may.
func decideMembers(all recovery.Survey) error {
	seed, err := planner.DecideSeed(all, planner.SeedRequest{Node: "m1", RecoveryID: "test"})
	if err != nil {
		return fmt.Errorf("the seed: %w", err)
	}
	second, err := planner.DecideMember(all.Node("m2"), seed.Cluster(), false)
	if err != nil {
		return err
	}
	_, err = planner.DecideMember(all.Node("m3"), second.Joined(), false)
	return err
}

// refusedAs wants a refusal with a code that says this.
func refusedAs(t *testing.T, err error, code recovery.Code, parts ...string) {
	t.Helper()
	r, ok := recovery.IsRefusal(err)
	if !ok || r.Code != code {
		t.Errorf("got %v, want %s, which says %q", err, code, parts)
		return
	}
	wants(t, r.Detail(), parts...)
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
func containersOf(t *testing.T, m lab.Identity, pod string) string {
	t.Helper()
	return command(t, m, "ctr", "-n", "k8s.io", "containers", "ls", "-q", `labels."io.kubernetes.pod.name"=="`+pod+`"`)
}
