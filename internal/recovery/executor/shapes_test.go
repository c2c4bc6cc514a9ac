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

// manifestsOf are etcd's, by the nodes' names.
func manifestsOf(t *testing.T, l *lab.Lab) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, m := range l.Nodes() {
		text, err := os.ReadFile(m.Path(manifestFile))
		must(t, err)
		all[m.Name()] = text
	}
	return all
}

// wantShapes compares manifests with what they were before a recovery from m1: etcd has to take what is written, and
// what is not ours has to stay.
func wantShapes(t *testing.T, l *lab.Lab, before map[string][]byte) {
	t.Helper()
	for name, text := range manifestsOf(t, l) {
		pod, err := manifest.Parse(text)
		must(t, err)
		diff := manifest.Diff("was", "is", before[name], text)
		if name == "m1" {
			if string(text) != string(before[name]) {
				t.Errorf("the seed's manifest is not the one that was there:\n%s", diff)
			}
			continue
		}
		if pod.InitialClusterState() != "existing" ||
			!strings.HasSuffix(strings.SplitN(pod.InitialCluster(), "=", 2)[0], "m1") {
			t.Errorf("%s joined %q, state %q", name, pod.InitialCluster(), pod.InitialClusterState())
		}
		if strings.Count(diff, "\n+") > 3 { // its header is one of them
			t.Errorf("more than two lines of %s changed:\n%s", name, diff)
		}
	}
}
