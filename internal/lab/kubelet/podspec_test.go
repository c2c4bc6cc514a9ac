//go:build linux

package kubelet

import (
	"strings"
	"testing"
)

func TestParsePod(t *testing.T) {
	const (
		json = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"},"spec":{"containers":[{"name":"b"}]}}`
		yaml = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: kube-system\nspec:\n  containers:\n  " +
			"- name: a\n    command: [sleep, \"1\"]\n"
	)
	for name, c := range map[string]struct {
		text, key string
	}{
		"YAML":               {yaml, "kube-system/a"},
		"JSON":               {json, "default/b"},
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
		p, err := ParsePod([]byte(c.text), "m1")
		switch {
		case c.key == "" && err == nil:
			t.Errorf("%s: taken for the pod %s", name, p.key())
		case c.key != "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.key != "" && p.key() != c.key:
			t.Errorf("%s: the pod is %s, want %s", name, p.key(), c.key)
		}
	}
	one, err := ParsePod([]byte(yaml), "m1")
	if err != nil {
		t.Fatal(err)
	}
	for what, other := range map[string][2]string{"node": {yaml, "m2"}, "text": {yaml + "#\n", "m1"}} {
		if p, err := ParsePod([]byte(other[0]), other[1]); err != nil || p.uid == one.uid {
			t.Errorf("another %s has the same UID, or %v", what, err)
		}
	}
}
