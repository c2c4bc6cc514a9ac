package manifest

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func podWith(name, container string) []byte {
	return []byte(
		"apiVersion: v1\nkind: Pod\nmetadata:\n  name: " + name + "\nspec:\n  containers:\n  - name: etcd\n    " +
			"image: x\n" + container,
	)
}

// inJSON is a pod.
const inJSON = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"etcd"},` +
	`"spec":{"containers":[{"command":["etcd","--name=m1"]}]}}`

// TestForcedByVariableAlone has a forced pod's name, and no flag that could be taken out.
func TestForcedByVariableAlone(t *testing.T) {
	text := podWith(
		"etcd-force-new-cluster",
		"    command: [etcd, --name=m1]\n    env: [{name: ETCD_FORCE_NEW_CLUSTER, value: \"true\"}]\n",
	)
	if _, err := Force(text); !errors.Is(err, ErrForced) {
		t.Errorf("Force: %v", err)
	}
	for what, edit := range map[string]func([]byte) ([]byte, error){
		"Unforce": Unforce,
		"Join":    func(b []byte) ([]byte, error) { return Join(b, joined("m1")) },
	} {
		out, err := edit(text)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if m, err := Parse(out); err != nil || m.Forced() || m.PodName() != "etcd" {
			t.Errorf("%s: %v\n%s", what, err, out)
		}
	}
}

// TestUndoneOrRefused forces only what can be unforced, byte for byte.
func TestUndoneOrRefused(t *testing.T) {
	for what, text := range map[string][]byte{
		"name escaped, JSON": []byte(strings.Replace(inJSON, `"name":"etcd"`, `"name":"etc\u0064"`, 1)),
		"name in block":      podWith(">-\n    etcd", "    command: [etcd, --name=m1]\n"),
		"name tagged":        podWith("!!str 123", "    command: [etcd, --name=m1]\n"),
		"comment before --":  podWith("etcd", "    command: [etcd, --name=m1, # c\n      \"--\"]\n"),
		"comment, own timer": podWith("etcd", "    command: [etcd, --election-timeout=1000, --name=m1, # c\n      "+
			"\"--\"]\n"),
	} {
		forced, err := Force(text)
		if err != nil {
			continue // a refusal is fine
		}
		if undone, err := Unforce(forced); err != nil || !bytes.Equal(undone, text) {
			t.Errorf("%s: %v\n%s", what, err, Diff("x", "Unforce(Force(x))", text, undone))
		}
		if again, err := Force(forced); err != nil || !bytes.Equal(again, forced) {
			t.Errorf("%s: twice: %v", what, err)
		}
	}
}

// TestHalfUndoneByHand lets nothing of a forced start join a cluster.
func TestHalfUndoneByHand(t *testing.T) {
	text := etcdPod("--name=m1", "--data-dir=/d")
	forced, err := Force(text)
	if err != nil {
		t.Fatal(err)
	}
	for what, edited := range map[string]string{
		"flag taken out":  strings.Replace(string(forced), "    - --force-new-cluster=true\n", "", 1),
		"flag made false": strings.Replace(string(forced), "new-cluster=true", "new-cluster=false", 1),
		"pod renamed":     strings.Replace(string(forced), "name: etcd-force-new-cluster", "name: etcd", 1),
	} {
		out, err := Join([]byte(edited), joined("m1"))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		m, err := Parse(out)
		if err != nil {
			t.Fatal(err)
		}
		if e, _ := m.Flag("election-timeout"); e != "" || m.PodName() != "etcd" {
			t.Errorf("%s: joins as pod %q with --election-timeout=%s", what, m.PodName(), e)
		}
	}
}

// TestOtherPods has pods that talk about etcd and do not run it.
func TestOtherPods(t *testing.T) {
	sh := func(s string) []byte {
		return podWith(
			"watch",
			"    command: [/bin/sh, -c]\n    args:\n    - |\n      "+strings.ReplaceAll(s, "\n", "\n      ")+"\n",
		)
	}
	args, sleep := podWith("b", "    args: [--every=1h]\n"), podWith("b", "    command: [sleep, inf]\n")
	const note = "  annotations: {note: see etcd.k3s.io/initial}\n"
	for what, text := range map[string][]byte{
		"grep a|b":       sh(`crictl ps | grep -E "kube-apiserver|etcd"`),
		"grep (a|b)":     sh(`crictl ps | grep -E '(etcd|kube-apiserver)'`),
		"case":           sh("case $1 in\netcd) echo hi;;\nesac"),
		"array":          sh("all=(etcd kube-apiserver)"),
		"here-document":  sh("cat <<EOF\netcd is down\nEOF"),
		"text":           sh("echo \"master:\netcd is down\""),
		"user":           sh("sudo -u etcd etcdctl snapshot save /b"),
		"user, no shell": podWith("b", "    command: [gosu, etcd, backup.sh]\n"),
		"word":           podWith("b", "    command: [timeout, \"10\", wait-for, etcd]\n"),
		"copy":           podWith("b", "    command: [cp, /usr/local/bin/etcd, /host]\n"),
		"backup image":   bytes.Replace(args, []byte("image: x"), []byte("image: r/backup-etcd:1"), 1),
		"kOps' store":    podWith("b", "    command: [aws, s3, sync, s3://b/etcd-manager/, /b]\n"),
		"a note":         bytes.Replace(sleep, []byte("spec:"), []byte(note+"spec:"), 1),
	} {
		if _, err := Parse(text); !errors.Is(err, ErrNoEtcd) {
			t.Errorf("%s: %.100v", what, err)
		}
	}
	if _, err := Parse(podWith("etcd", "    command: [etcd, --config-file=/etc/etcd/etcd.conf.yml]\n")); !errors.Is(
		err,
		ErrConfigFile,
	) {
		t.Errorf("config file: %.130v", err)
	}
}

// TestVariablesElsewhere has a setting that goes, and is put into another one that stays.
func TestVariablesElsewhere(t *testing.T) {
	text := podWith(
		"etcd",
		"    command: [etcd, --name=m1, --data-dir=$(ETCD_DISCOVERY)/d]\n    env: [{name: ETCD_DISCOVERY, value: "+
			"/x}]\n",
	)
	out, err := Join(text, joined("m1"))
	if err != nil {
		return
	}
	a, _ := Parse(text)
	b, _ := Parse(out)
	if a.DataDir() != b.DataDir() {
		t.Errorf("Join changes --data-dir from %q to %q", a.DataDir(), b.DataDir())
	}
}

// TestKubeletReadsOtherwise accepts nothing that the kubelet refuses, or reads as something else.
func TestKubeletReadsOtherwise(t *testing.T) {
	for what, text := range map[string]string{
		"flow YAML that starts with a brace": "{apiVersion: v1, kind: Pod, metadata: {name: etcd}, spec: " +
			"{containers: [{command: [etcd, --name=m1]}]}}",
		"JSON, comma at the end": strings.Replace(inJSON, `"--name=m1"]`, `"--name=m1",]`, 1),
		"JSON, comment":          strings.Replace(inJSON, `"v1",`, "\"v1\", # c\n", 1),
		"JSON, document behind":  inJSON + "\n---\n",
		"name: y":                string(podWith("y", "    command: [etcd, --name=m1]\n")),
		"item n":                 string(podWith("etcd", "    command: [etcd, --name, n]\n")),
		"value y": string(podWith("etcd", "    command: [etcd]\n    env: [{name: "+
			"ETCD_NAME, value: y}]\n")),
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: accepted, the kubelet refuses it", what)
		}
	}
	m, err := Parse(
		[]byte(
			string(
				podWith("etcd", "    command: [etcd, --data-dir=/d]\n    volumeMounts: [{name: d, mountPath: /d}]\n"),
			) + "  volumes:\n  - name: d\n    hostPath: {path: /mine, <<: {path: /other}}\n",
		),
	)
	if err == nil {
		if h, _ := m.HostPath("/d"); h != "/other" {
			t.Errorf("the kubelet mounts /other, HostPath says %s", h)
		}
	}
	m, err = Parse(
		podWith("etcd", "    command: [etcd, --name=$(X)]\n    env: [{name: X, value: m1, <<: {value: m9}}]\n"),
	)
	if err == nil && m.Name() != "m9" {
		t.Errorf("etcd is called m9, Name says %s", m.Name())
	}
	if _, name, ok := Identify(
		[]byte("x: &n {name: a}\napiVersion: v1\nkind: Pod\nmetadata: {name: b, <<: *n}\n"),
	); !ok ||
		name != "a" {
		t.Errorf("to the kubelet the pod is a, Identify says %q", name)
	}
	if _, name, ok := Identify(
		[]byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"etcd","annotations":{"x":"\ud83d\ude00"}}}`),
	); !ok ||
		name != "etcd" {
		t.Errorf("to the kubelet the pod is etcd, Identify says %q", name)
	}
}

// TestEtcdReadsOtherwise takes nothing for a setting that etcd does not.
func TestEtcdReadsOtherwise(t *testing.T) {
	for _, v := range []string{"ETCD_Name", "ETCD_DATA-DIR", "ETCD_initial_cluster"} {
		m, err := Parse(podWith("etcd", "    command: [etcd, --log-level=info]\n    env: [{name: "+v+", value: /x}]\n"))
		if err == nil && len(m.Settings()) > 1 {
			t.Errorf("%s: etcd does not know it, Parse says %v", v, m.Settings())
		}
	}
	for _, argv := range [][]string{{"--name=m1", "--initial-cluster-token"}, {"--name=m1", "--heartbeat-interval"}} {
		if forced, err := Force(etcdPod(argv...)); err == nil {
			t.Errorf("%q: etcd takes what is appended for a value:\n%s", argv, Diff("a", "b", etcdPod(argv...), forced))
		}
	}
	if m, err := Parse(etcdPod("--name=m1", "--initial-cluster-token", "--force-new-cluster")); err == nil &&
		m.Forced() {
		t.Error("etcd takes --force-new-cluster for the token, Parse says forced")
	}
	if _, err := Join(etcdPod("--name=m1"), "m1=https://10.0.0.11:2380,m2=https://10.0.0.11:2380"); err == nil {
		t.Error("a URL twice: etcd exits with: initial cluster has duplicate url")
	}
	m, err := Parse(etcdPod("--name=m1", "--initial-advertise-peer-urls=https://a:2380, https://b:2380"))
	if err == nil && m.PeerURLs()[1] != "https://b:2380" {
		t.Errorf("etcd trims spaces, PeerURLs says %q", m.PeerURLs())
	}
}

// TestLastLine takes the last item out of a text that ends with it.
func TestLastLine(t *testing.T) {
	text := []byte(
		strings.TrimSuffix(
			string(podWith("etcd", "    command:\n    - etcd\n    - --name=m1\n\n    - --discovery=x")),
			"\n",
		),
	)
	out, err := Join(text, joined("m1"))
	if err == nil && bytes.HasSuffix(out, []byte("\n")) {
		t.Errorf("a line break at the end came in:\n%s", Diff("a", "b", text, out))
	}
}
