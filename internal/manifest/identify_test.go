package manifest

import (
	"strings"
	"testing"
)

func TestIdentify(t *testing.T) {
	tests := map[string]struct {
		text, namespace, name string
		ok                    bool
	}{
		"pod":             {"apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: b}\n", "b", "a", true},
		"no namespace":    {"kind: Pod\nmetadata: {name: a}\n", "default", "a", true},
		"json":            {`{"kind":"Pod","metadata":{"name":"a","namespace":"b"}}`, "b", "a", true},
		"first document":  {"kind: Pod\nmetadata: {name: a}\n---\nkind: Service\n", "default", "a", true},
		"broken behind":   {"kind: Pod\nmetadata: {name: a}\n---\n{", "default", "a", true},
		"alias":           {"x: &n a\nkind: Pod\nmetadata: {name: *n}\n", "default", "a", true},
		"merged":          {"x: &n {name: a}\nkind: Pod\nmetadata: {<<: *n}\n", "default", "a", true},
		"byte order mark": {"\ufeffkind: Pod\nmetadata: {name: a}\n", "default", "a", true},
		"odd spec":        {"kind: Pod\nmetadata: {name: a}\nspec: 5\n", "default", "a", true},
		"odd namespace":   {"kind: Pod\nmetadata: {name: a, namespace: [b]}\n", "default", "a", true},
		"key twice": {
			"kind: Service\nkind: Pod\nmetadata: {name: a}\nspec: {}\nspec: {}\n",
			"default",
			"a",
			true,
		},
		"merged list": {
			"x: &n {name: a}\ny: &o {name: b, namespace: c}\nkind: Pod\nmetadata: {<<: [*n, *o]}\n",
			"c",
			"a",
			true,
		},
		"merged after own": {"x: &n {name: a}\nkind: Pod\nmetadata: {name: b, <<: *n}\n", "default", "a", true},
		"circle":           {"kind: Pod\nmetadata: &m {<<: *m}\n", "", "", false},
		"metadata list":    {"kind: Pod\nmetadata: [{name: a}]\n", "", "", false},
		"number as name":   {"kind: Pod\nmetadata: {name: 1}\n", "", "", false},
		"top list":         {"- {kind: Pod, metadata: {name: a}}\n", "", "", false},
		"no name":          {"kind: Pod\nmetadata: {}\n", "", "", false},
		"service":          {"kind: Service\nmetadata: {name: a}\n", "", "", false},
		"list":             {"- kind: Pod\n", "", "", false},
		"word":             {"Pod", "", "", false},
		"empty":            {"", "", "", false},
		"binary":           {"\x00\x01\xff\xfe", "", "", false},
		"swap file":        {"b0VIM 8.2\x00\x00", "", "", false},
		"truncated":        {"kind: Pod\nmetadata: {name: a", "", "", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			namespace, podName, ok := Identify([]byte(test.text))
			if namespace != test.namespace || podName != test.name || ok != test.ok {
				t.Errorf("got %q, %q, %t", namespace, podName, ok)
			}
		})
	}
}

// Identify and Parse agree on what they both know.
func TestIdentifyAgrees(t *testing.T) {
	for file, text := range accepted(t) {
		m, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if namespace, name, ok := Identify(text); !ok || namespace != m.Namespace() || name != m.PodName() {
			t.Errorf("%s: got %q, %q, %t", file, namespace, name, ok)
		}
	}
	for _, file := range []string{"openshift-4", "rke2", "kube-up", "two-etcd", "backslashes"} {
		if _, name, ok := Identify(refused(t)["testdata/refused/"+file]); !ok || !strings.HasPrefix(name, "etcd") {
			t.Errorf("%s: got %q, %t", file, name, ok)
		}
	}
}
