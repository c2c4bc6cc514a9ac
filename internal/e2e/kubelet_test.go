//go:build linux && e2e

package e2e_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// touchable is what a refusal must leave alone.
var touchable = []string{"/etc/kubernetes", "/var/lib/kubelet/config.yaml", "/var/lib/etcdrecovery"}

// refuses plans in vain: the words are said, and nothing on any master is touched.
func refuses(t *testing.T, l *lab.Lab, plan func(code int) string, parts ...string) {
	t.Helper()
	hashes := func() []string {
		var all []string
		for _, m := range l.Masters() {
			h, err := m.TreeHash(touchable...)
			must(t, err)
			all = append(all, h)
		}
		return all
	}
	before := hashes()
	wants(t, plan(1), parts...)
	if !slices.Equal(hashes(), before) {
		t.Error("something was touched")
	}
}

// copied puts a copy of the manifest beside it, under another name.
func copied(t *testing.T, m lab.Master, name string) (remove func()) {
	t.Helper()
	text, err := os.ReadFile(m.Path(manifest))
	must(t, err)
	return written(t, m, name, string(text))
}

// written puts a file into the kubelet's folder.
func written(t *testing.T, m lab.Master, name, text string) (remove func()) {
	t.Helper()
	at := filepath.Join(filepath.Dir(m.Path(manifest)), name)
	must(t, os.WriteFile(at, []byte(text), 0o600))
	return func() { must(t, os.Remove(at)) }
}

// command runs one on a master.
func command(t *testing.T, m lab.Master, args ...string) string {
	t.Helper()
	machine, ok := m.(lab.Machine)
	if !ok {
		t.Fatalf("%s is no machine", m.Name())
	}
	out, err := machine.Run(t.Context(), args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// until waits for something to come about.
func until(t *testing.T, what string, patience time.Duration, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// TestNotReady plans on masters of which one at a time is not fit, and recovers when all are.
func TestNotReady(t *testing.T) {
	l, count := start(t, lab.Options{})
	m1, m2 := l.Master("m1"), l.Master("m2")
	for _, m := range l.Masters()[1:] {
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
	for _, m := range l.Masters()[1:] {
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
	for _, m := range l.Masters() { // what no kubelet takes for a pod
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
func containersOf(t *testing.T, m lab.Master, pod string) string {
	t.Helper()
	return command(t, m, "ctr", "-n", "k8s.io", "containers", "ls", "-q", `labels."io.kubernetes.pod.name"=="`+pod+`"`)
}

// TestReboot restarts a joining master while its etcd has to stay down.
func TestReboot(t *testing.T) {
	l, count := start(t, lab.Options{})
	lose(t, l.Masters()[1:]...)
	m1, m2 := l.Master("m1"), l.Master("m2")
	w := workspace(t, l)
	booted := make(chan error, 1)
	go func() {
		if !awaitFile(t.Context(), m1.Path(manifest), "force-new-cluster") {
			booted <- context.Canceled
			return
		}
		m1.Freeze() // so that it takes longer than the reboot
		m2.PowerOff()
		booted <- m2.PowerOn()
		time.AfterFunc(5*time.Second, m1.Thaw)
		for t.Context().Err() == nil && !joins(m2) {
			// The manifest is looked at once more: it may have come between.
			if pids := m2.EtcdPIDs(); len(pids) > 0 && !joins(m2) {
				t.Errorf("m2 runs etcd before it joins: %v", pids)
				return
			}
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	r, err := w.Run(ctx, nil, "apply", "-auto-approve", "-no-color")
	must(t, err)
	must(t, <-booted)
	t.Logf("the first apply ended with %d after %.0f s", r.ExitCode, r.Took.Seconds())
	if r.ExitCode != 0 {
		wants(t, r.Text, "terraform apply again")
		run(t, w, 0, "apply", "-auto-approve")
	}
	settled(t, w)
	recovered(t, l, count)
}

// joins tells whether a master has the manifest with which it joins.
func joins(m lab.Master) bool {
	text, err := os.ReadFile(m.Path(manifest))
	return err == nil && strings.Contains(string(text), "--initial-cluster-state=existing")
}

// TestKubeletsOfADeadAPI has kubelets that were started while their API server was down, and so do not stop what leaves
// their folder (kubernetes#112814).
func TestKubeletsOfADeadAPI(t *testing.T) {
	l, count := start(t, lab.Options{APIDown: true})
	m1, m2 := l.Master("m1"), l.Master("m2")
	text, err := os.ReadFile(m2.Path(manifest))
	must(t, err)

	// The old pod survives, and one that is changed waits for it even when its containers are gone.
	must(t, os.Remove(m2.Path(manifest)))
	time.Sleep(12 * time.Second)
	if len(m2.EtcdPIDs()) != 1 {
		t.Fatal("this kubelet stops etcd when its manifest goes, so nothing is shown here")
	}
	command(t, m2, "sh", "-c", "for id in $(ctr -n k8s.io tasks ls -q); do ctr -n k8s.io tasks kill -s KILL $id; done")
	written(t, m2, "etcd.yaml", strings.Replace(string(text), "--snapshot-count=10000", "--snapshot-count=20000", 1))
	time.Sleep(12 * time.Second)
	if len(m2.EtcdPIDs()) != 0 {
		t.Fatal("this kubelet starts the changed pod, so nothing is shown here")
	}
	must(t, m2.WipeEtcd())
	lose(t, l.Master("m3"))
	w := workspace(t, l)

	// A kubelet whose client certificate has expired runs on, and does not come back.
	settle(t, m1)
	good := expire(t, m1)
	wants(
		t,
		run(t, w, 2, "plan", "-detailed-exitcode"),
		"Warning: A Master Needs Attention",
		"m1: the kubelet's client certificate /etc/kubernetes/kubelet.conf on m1 expired on",
		"kubeadm init phase kubeconfig kubelet",
	)
	command(t, m1, "systemctl", "restart", "kubelet")
	for end := time.Now().Add(11 * time.Second); time.Now().Before(end); { // it is started every 10 s, for a moment
		refuses(
			t,
			l,
			func(code int) string { return run(t, w, code, "plan") },
			"The Kubelet Does Not Run",
			"no kubelet runs on m1",
			"client certificate /etc/kubernetes/kubelet.conf expired on",
			"kubeadm init phase kubeconfig kubelet",
		)
	}
	must(t, os.WriteFile(m1.Path(kubeletConf), good, 0o600))
	command(t, m1, "systemctl", "restart", "kubelet")

	settle(t, m1)
	expire(t, m1) // and so the recovery must not start it anew
	var before []string
	for _, m := range l.Masters() {
		before = append(before, command(t, m, "systemctl", "show", "-p", "InvocationID", "kubelet"))
	}
	apply(t, w)
	recovered(t, l, count)
	for i, m := range l.Masters() {
		if anew := command(t, m, "systemctl", "show", "-p", "InvocationID", "kubelet") != before[i]; anew == (m == m1) {
			t.Errorf("the kubelet of %s was started anew: %v", m.Name(), anew)
		}
	}
}

// settle waits until a kubelet is so old that one with an expired certificate is believed to run on.
func settle(t *testing.T, m lab.Master) {
	t.Helper()
	until(t, "a kubelet of half a minute", time.Minute, func() bool {
		age, err := strconv.Atoi(strings.TrimSpace(command(t, m, "ps", "-C", "kubelet", "-o", "etimes=")))
		return err == nil && age > 30
	})
}

const kubeletConf = "/etc/kubernetes/kubelet.conf"

// expire gives a kubelet a client certificate that has expired, and returns the file that it had. One that runs does
// not notice.
func expire(t *testing.T, m lab.Master) (before []byte) {
	t.Helper()
	before, err := os.ReadFile(m.Path(kubeletConf))
	must(t, err)
	ca, err := tls.LoadX509KeyPair(m.Path("/etc/kubernetes/pki/ca.crt"), m.Path("/etc/kubernetes/pki/ca.key"))
	must(t, err)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(
			1,
		),
		Subject: pkix.Name{CommonName: "system:node:" + m.Name(), Organization: []string{"system:nodes"}},
		NotBefore: time.Now().
			AddDate(-1, 0, -1),
		NotAfter:    time.Now().AddDate(0, 0, -1),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, ca.Leaf, public, ca.PrivateKey)
	must(t, err)
	key, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	text := string(before)
	for field, block := range map[string]*pem.Block{"client-certificate-data": {Type: "CERTIFICATE", Bytes: der}, "client-key-data": {Type: "PRIVATE KEY", Bytes: key}} {
		text = regexp.MustCompile(field+": .*").
			ReplaceAllString(text, field+": "+base64.StdEncoding.EncodeToString(pem.EncodeToMemory(block)))
	}
	must(t, os.WriteFile(m.Path(kubeletConf), []byte(text), 0o600))
	return before
}

// TestCrashLoop rejoins a master whose etcd the kubelet keeps down for 40 s, after it has crashed again and again.
func TestCrashLoop(t *testing.T) {
	l, count := start(t, lab.Options{})
	lose(t, l.Masters()[1:]...)
	m2 := l.Master("m2")
	until(t, "a back-off of 40 s on m2", 2*time.Minute, func() bool {
		return strings.Contains(
			command(t, m2, "journalctl", "-u", "kubelet", "-o", "cat", "--no-pager"),
			"back-off 40s restarting failed container=etcd",
		)
	})
	w := workspace(t, l)
	took := make(chan time.Duration, 1)
	go func() {
		awaitFile(t.Context(), m2.Path(manifest), "--initial-cluster-state=existing")
		began := time.Now()
		for t.Context().Err() == nil && len(m2.EtcdPIDs()) == 0 {
			time.Sleep(50 * time.Millisecond)
		}
		took <- time.Since(began)
	}()
	apply(t, w)
	if d := <-took; d > 15*time.Second {
		t.Errorf("etcd started on m2 %s after its manifest was put in", d)
	} else {
		t.Logf("etcd started on m2 %s after its manifest was put in", d)
	}
	recovered(t, l, count)
}
