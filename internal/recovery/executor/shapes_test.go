//go:build linux

package executor_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
)

// oddShape writes each master's manifest in another way than kubeadm: the seed's with items over several lines, an
// alias and a flag given twice, one with its settings in the environment, one as JSON.
func oddShape(master string, text []byte) []byte {
	yamlText := string(text)
	switch master {
	case "m1":
		yamlText = strings.Replace(
			yamlText,
			"    - --name=m1\n",
			"    - *name # is m1\n    - --initial-cluster-state=new\n    - >-\n      --initial-cluster-state=new\n",
			1,
		)
		yamlText = strings.Replace(
			yamlText,
			"    tier: control-plane\n",
			"    tier: control-plane\n  annotations: {example.com/name: &name \"--name=m1\"}\n",
			1,
		)
		yamlText = regexp.MustCompile(`(?m)^  annotations:\n    kubeadm.*\n`).ReplaceAllString(yamlText, "")
	case "m2":
		list := regexp.MustCompile(`    - --initial-cluster=(.*)\n`)
		yamlText = strings.Replace(
			yamlText,
			"    image:",
			"    env:\n    - name: ETCD_INITIAL_CLUSTER\n      value: \""+list.FindStringSubmatch(yamlText)[1]+
				"\"\n    - {name: ETCD_INITIAL_CLUSTER_STATE, value: new}\n    - name: ETCD_NAME\n      value: m2\n  "+
				"  image:",
			1,
		)
		yamlText = strings.Replace(list.ReplaceAllString(yamlText, ""), "    - --name=m2\n", "", 1)
	case "m3":
		var pod map[string]any
		if err := yaml.Unmarshal(text, &pod); err != nil {
			panic(err)
		}
		out, err := json.MarshalIndent(pod, "", "\t")
		if err != nil {
			panic(err)
		}
		return append(out, '\n')
	}
	return []byte(yamlText)
}

// TestShapes recovers masters whose manifests look as no two others: etcd has to take what is written, and what is not
// ours has to stay.
func TestShapes(t *testing.T) {
	l := start(t, lab.Options{Etcd: "3.6", Manifest: oddShape})
	must(t, l.Fill(t.Context(), 50, 100))
	before := map[string][]byte{}
	for _, m := range l.Nodes() {
		text, err := os.ReadFile(m.Path("/etc/kubernetes/manifests/etcd.yaml"))
		must(t, err)
		before[m.Name()] = text
	}
	loseMajority(t, l)
	must(t, recoverAll(t, l, nodesOf(t, l), options(t)))
	for _, m := range l.Nodes() {
		text, err := os.ReadFile(m.Path("/etc/kubernetes/manifests/etcd.yaml"))
		must(t, err)
		pod, err := manifest.Parse(text)
		must(t, err)
		if m.Name() == "m1" {
			if string(text) != string(before["m1"]) {
				t.Errorf(
					"the seed's manifest is not the one that was there:\n%s",
					manifest.Diff("was", "is", before["m1"], text),
				)
			}
			continue
		}
		if pod.InitialClusterState() != "existing" ||
			!strings.HasSuffix(strings.SplitN(pod.InitialCluster(), "=", 2)[0], "m1") {
			t.Errorf("%s joined %q, state %q", m.Name(), pod.InitialCluster(), pod.InitialClusterState())
		}
		// Its header is one of them.
		if diff := manifest.Diff("was", "is", before[m.Name()], text); strings.Count(diff, "\n+") > 3 {
			t.Errorf("more than two lines of %s changed:\n%s", m.Name(), diff)
		}
	}
}
