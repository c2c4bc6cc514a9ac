//go:build linux

package lab

import (
	"strings"
	"testing"
)

func TestParsePod(t *testing.T) {
	const yaml = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: kube-system\nspec:\n  containers:\n  " +
		"- name: a\n    command: [sleep, \"1\"]\n"
	for name, c := range map[string]struct {
		text, key string
	}{
		"YAML":               {yaml, "kube-system/a"},
		"JSON":               {`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"},"spec":{"containers":[{"name":"b"}]}}`, "default/b"},
		"another kind":       {strings.Replace(yaml, "kind: Pod", "kind: Deployment", 1), ""},
		"half-written":       {yaml[:40], ""},
		"no name":            {strings.Replace(yaml, "name: a", "label: a", 1), ""},
		"a key given twice":  {yaml + "kind: Pod\n", ""},
		"something else":     {"hello", ""},
		"nothing":            {"", ""},
		"a list":             {"- a\n- b\n", ""},
		"not even YAML":      {"\t: {", ""},
		"without containers": {yaml[:strings.Index(yaml, "spec:")], ""},
	} {
		p, err := parsePod([]byte(c.text), "m1")
		switch {
		case c.key == "" && err == nil:
			t.Errorf("%s: taken for the pod %s", name, p.key())
		case c.key != "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.key != "" && p.key() != c.key:
			t.Errorf("%s: the pod is %s, want %s", name, p.key(), c.key)
		}
	}
	one, err := parsePod([]byte(yaml), "m1")
	must(t, err)
	for what, other := range map[string][2]string{"node": {yaml, "m2"}, "text": {yaml + "#\n", "m1"}} {
		if p, err := parsePod([]byte(other[0]), other[1]); err != nil || p.uid == one.uid {
			t.Errorf("another %s has the same UID, or %v", what, err)
		}
	}
}

func TestHostArgument(t *testing.T) {
	mounts := []mount{
		{container: "/var/lib/etcd", host: "/srv/etcd"},
		{container: "/var/lib/etcd/wal", host: "/fast/wal"},
	}
	for arg, want := range map[string]string{
		"--data-dir=/var/lib/etcd":       "--data-dir=/srv/etcd",
		"--wal-dir=/var/lib/etcd/wal":    "--wal-dir=/fast/wal",
		"--wal-dir=/var/lib/etcd/wal/x":  "--wal-dir=/fast/wal/x",
		"--data-dir=/var/lib/etcdother":  "--data-dir=/var/lib/etcdother",
		"/var/lib/etcd/x":                "/srv/etcd/x",
		"--name=m1":                      "--name=m1",
		"--listen-client-urls=https://x": "--listen-client-urls=https://x",
	} {
		if got := hostArgument(arg, mounts); got != want {
			t.Errorf("%s becomes %s, want %s", arg, got, want)
		}
	}
}

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
		must(t, err)
		p, err := parsePod(text, "m1")
		must(t, err)
		command := strings.Join(p.Spec.Containers[0].Command, " ")
		if !strings.HasPrefix(command, "etcd --advertise-client-urls=") ||
			!strings.Contains(command, " --snapshot-count=5 ") {
			t.Errorf("the command of %s is %s", minor, command)
		}
		if experimental := strings.Contains(command, "--experimental-"); experimental != (minor == "3.5") {
			t.Errorf("experimental flags in %s: %v", minor, experimental)
		}
		if got := len(p.mounts(p.Spec.Containers[0])); got != 3 {
			t.Errorf("%d mounts", got)
		}
	}
}
