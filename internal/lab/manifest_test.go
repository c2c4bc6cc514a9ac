//go:build linux

package lab

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/kubelet"
)

func TestManifestReads(t *testing.T) {
	for _, minor := range []string{"3.5", "3.6", "3.7"} {
		text, err := etcdPod{
			Name:           "m1",
			Minor:          minor,
			Image:          "registry.k8s.io/etcd:x-0",
			PKI:            "/pki",
			Data:           "/data",
			WAL:            "/wal",
			InitialCluster: "m1=https://x",
			ExtraFlags:     map[string]string{"snapshot-count": "5"},
		}.text()
		if err != nil {
			t.Fatal(err)
		}
		p, err := kubelet.ParsePod(text, "m1")
		if err != nil {
			t.Fatal(err)
		}
		command := strings.Join(p.Spec.Containers[0].Command, " ")
		if !strings.HasPrefix(command, "etcd --advertise-client-urls=") ||
			!strings.Contains(command, " --snapshot-count=5 ") {
			t.Errorf("the command of %s is %s", minor, command)
		}
		if experimental := strings.Contains(command, "--experimental-"); experimental != (minor == "3.5") {
			t.Errorf("experimental flags in %s: %v", minor, experimental)
		}
		if got := len(p.Mounts(p.Spec.Containers[0])); got != 3 {
			t.Errorf("%d mounts", got)
		}
	}
}
