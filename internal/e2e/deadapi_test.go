//go:build linux && e2e

package e2e_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// TestKubeletsOfADeadAPI has kubelets that were started while their API server was down, and so do not stop what leaves
// their folder (kubernetes#112814).
func TestKubeletsOfADeadAPI(t *testing.T) {
	l, count := start(t, lab.Options{APIDown: true})
	m1, m2 := l.Node("m1"), l.Node("m2")
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
	lose(t, l.Node("m3"))
	w := workspace(t, l)

	// A kubelet whose client certificate has expired runs on, and does not come back.
	settle(t, m1)
	good := expire(t, m1)
	wants(
		t,
		run(t, w, 2, "plan", "-detailed-exitcode"),
		"Warning: m1 needs attention",
		"m1: the kubelet's client certificate /etc/kubernetes/kubelet.conf on m1 expired on",
		"kubeadm init phase kubeconfig kubelet",
	)
	command(t, m1, "systemctl", "restart", "kubelet")
	why := []string{
		"no kubelet runs on m1",
		"client certificate /etc/kubernetes/kubelet.conf expired on",
		"kubeadm init phase kubeconfig kubelet",
	}
	refuses(t, l, func(code int) string { return run(t, w, code, "plan") }, why...)
	only := nodesOf(t, l, l.SSHUser(), "m1")
	for end := time.Now().Add(11 * time.Second); time.Now().Before(end); { // it is started every 10 s, for a moment
		e := survey.Take(t.Context(), only, time.Now()).Node("m1")
		refusedAs(t, e.Kubelet.Check("m1", "node"), recovery.CodeKubeletDown, why...)
		time.Sleep(500 * time.Millisecond)
	}
	must(t, os.WriteFile(m1.Path(kubeletConf), good, 0o600))
	command(t, m1, "systemctl", "restart", "kubelet")

	settle(t, m1)
	expire(t, m1) // and so the recovery must not start it anew
	var before []string
	for _, m := range l.Nodes() {
		before = append(before, command(t, m, "systemctl", "show", "-p", "InvocationID", "kubelet"))
	}
	apply(t, w)
	recovered(t, l, count)
	for i, m := range l.Nodes() {
		if anew := command(t, m, "systemctl", "show", "-p", "InvocationID", "kubelet") != before[i]; anew == (m == m1) {
			t.Errorf("the kubelet of %s was started anew: %v", m.Name(), anew)
		}
	}
}

// settle waits until a kubelet is so old that one with an expired certificate is believed to run on. For a moment after
// systemctl has started it, its process has no name of its own yet.
func settle(t *testing.T, m lab.Node) {
	t.Helper()
	until(t, "a kubelet of half a minute", time.Minute, func() bool {
		age, err := strconv.Atoi(strings.TrimSpace(command(t, m, "sh", "-c", "ps -C kubelet -o etimes= || true")))
		return err == nil && age > 30
	})
}

const kubeletConf = "/etc/kubernetes/kubelet.conf"

// expire gives a kubelet a client certificate that has expired, and returns the file that it had. One that runs does
// not notice.
func expire(t *testing.T, m lab.Identity) (before []byte) {
	t.Helper()
	before, err := os.ReadFile(m.Path(kubeletConf))
	must(t, err)
	ca, err := tls.LoadX509KeyPair(m.Path("/etc/kubernetes/pki/ca.crt"), m.Path("/etc/kubernetes/pki/ca.key"))
	must(t, err)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	client := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "system:node:" + m.Name(), Organization: []string{"system:nodes"}},
		NotBefore:    time.Now().AddDate(-1, 0, -1),
		NotAfter:     time.Now().AddDate(0, 0, -1),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, client, ca.Leaf, public, ca.PrivateKey)
	must(t, err)
	key, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	text := string(before)
	for field, block := range map[string]*pem.Block{
		"client-certificate-data": {Type: "CERTIFICATE", Bytes: der},
		"client-key-data":         {Type: "PRIVATE KEY", Bytes: key},
	} {
		value := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(block))
		text = regexp.MustCompile(field+": .*").ReplaceAllString(text, field+": "+value)
	}
	must(t, os.WriteFile(m.Path(kubeletConf), []byte(text), 0o600))
	return before
}
