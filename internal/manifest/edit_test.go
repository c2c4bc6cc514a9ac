package manifest

import (
	"errors"
	"strings"
	"testing"
)

func TestInitialCluster(t *testing.T) {
	tests := map[string]struct {
		members []Member
		want    string
	}{
		"none":     {nil, ""},
		"one":      {[]Member{{"m1", []string{"https://10.0.0.11:2380"}}}, "m1=https://10.0.0.11:2380"},
		"two urls": {[]Member{{"m2", []string{"u1", "u2"}}, {"m1", []string{"u3"}}}, "m2=u1,m2=u2,m1=u3"},
		"no url":   {[]Member{{"m2", nil}, {"m1", []string{"u"}}}, "m1=u"},
	}
	for name, test := range tests {
		if got := InitialCluster(test.members); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestJoined(t *testing.T) {
	self := Member{"m2", []string{"https://b:2380", "https://b2:2380"}}
	others := []Member{
		{"m3", []string{"https://c:2380"}},
		{"", []string{"https://b2:2380"}},
		{"m2", []string{"https://old:2380"}},
		{"m1", []string{"https://a:2380"}},
		{"", []string{"https://d:2380"}},
	}
	if got, want := InitialCluster(
		Joined(self, others),
	), "=https://d:2380,m1=https://a:2380,m2=https://b:2380,m2=https://b2:2380,m3=https://c:2380"; got != want {
		t.Errorf("got %q", got)
	}
	if len(others) != 5 || others[0].Name != "m3" {
		t.Errorf("the list was changed: %v", others)
	}
}

func TestJoinRefusesList(t *testing.T) {
	text := etcdPod("--name=m1")
	for _, list := range []string{
		"", "m1", "m1=", "=https://10.0.0.11:2380", "m2=https://10.0.0.12:2380",
		"m1=10.0.0.11", "m1=https://10.0.0.11:2380,", "m1=https://10.0.0.11:2380 ", "m1=https://$(IP):2380",
		"m1=https://10.0.0.11:2380\n- --x", "m1=https://[::1", "m1=https://10.0.0.11", "m1=https://10.0.0.11:2380/",
		"m1=ftp://10.0.0.11:2380", "m1=https://:2380", "m1=https://h:p", "M1=https://10.0.0.11:2380",
	} {
		if _, err := Join(text, list); !errors.Is(err, ErrInitialCluster) {
			t.Errorf("%q: %v", list, err)
		}
	}
}

// However an item is written: it can be read, forced, and joins.
func TestItemForms(t *testing.T) {
	for name, item := range map[string]string{
		"over lines":          "--initial-cluster-state=\n        new",
		"over lines, comment": "--initial-cluster-state=\n        new # why",
		"quoted lines":        "\"--initial-cluster-state=\\\n        new\"",
		"folded":              ">-\n      --initial-cluster-state=new",
		"folded, comment":     ">- # why\n      --initial-cluster-state=new",
		"folded, indented":    ">2-\n      --initial-cluster-state=new",
		"literal":             "|-\n      --initial-cluster-state=new\n",
		"anchor":              "&state --initial-cluster-state=new",
		"tag":                 "!!str --initial-cluster-state=new",
		"tag and anchor":      "!!str &a\n      --initial-cluster-state=new",
		"dash apart":          "\n      --initial-cluster-state=new",
	} {
		for place, argv := range map[string][]string{
			"last":            {"--name=m1", item},
			"between":         {"--name=m1", item, "--data-dir=/d"},
			"before an equal": {"--name=m1", item, "--initial-cluster-state=new"},
		} {
			if name == "dash apart" && place != "between" {
				continue // a line of its own would have to come or go
			}
			t.Run(name+", "+place, func(t *testing.T) {
				text := etcdPod(argv...)
				out, err := Force(text)
				if err != nil {
					t.Fatal(err)
				}
				checkForced(t, text, out)
				if out, err = Join(text, joined("m1")); err != nil {
					t.Fatal(err)
				}
				checkJoined(t, text, out, joined("m1"))
			})
		}
	}
}

// What stands in the way of an edit is named; the same text can still be read.
func TestRefusedEdits(t *testing.T) {
	for name, text := range map[string][]byte{
		"shared": []byte("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - command: [etcd, --name=m1, " +
			"&state --initial-cluster-state=new]\nmetadata: {name: etcd, labels: {a: *state}}\n"),
		"dash apart": etcdPod("--name=m1", "\n      --initial-cluster-state=new", "--initial-cluster-state=new"),
		"lines in flow": []byte("---\n{apiVersion: v1, kind: Pod, metadata: {name: etcd}, spec: {containers: " +
			"[{command: [etcd, --name=m1, --initial-cluster-state=\n new]}]}}"),
		"empty": []byte(strings.Replace(string(etcdPod("--name=m1")), "--name=m1", "--name=m1\n    env: "+
			"[{name: ETCD_INITIAL_CLUSTER}]", 1)),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(text); err != nil {
				t.Fatalf("Parse: %v", err)
			}
			if _, err := Join(text, joined("m1")); !errors.Is(err, ErrShape) {
				t.Errorf("Join: %v", err)
			} else {
				checkReason(t, err)
			}
		})
	}
}

func TestForceRefusesUID(t *testing.T) {
	text := strings.Replace(string(etcdPod("--name=m1")), "  name: etcd\n", "  name: etcd\n  uid: 0d1e5f\n", 1)
	if _, err := Force([]byte(text)); !errors.Is(err, ErrShape) {
		t.Errorf("got %v", err)
	}
	out, err := Join([]byte(text), joined("m1"))
	if err != nil {
		t.Fatal(err)
	}
	checkJoined(t, []byte(text), out, joined("m1"))
}

// Names that need quotes get them, in the text as it is.
func TestQuotes(t *testing.T) {
	for _, name := range []string{"m1", "é", "a:b", "a#b", "a{b", "a'b", `a"b`, `a\b`, "[a]", "-", "true"} {
		t.Run(name, func(t *testing.T) {
			list := "m1=https://10.0.0.11:2380," + name + "=https://10.0.0.12:2380"
			for _, item := range []string{"--name=m1", `"--name=m1"`, `'--name=m1'`} {
				for _, text := range []string{string(etcdPod(item)), "---\n{apiVersion: v1, kind: Pod, metadata: " +
					"{name: etcd}, spec: {containers: [{command: [etcd, " + item + "]}]}}"} {
					out, err := Join([]byte(text), list)
					if err != nil {
						t.Fatal(err)
					}
					checkJoined(t, []byte(text), out, list)
				}
			}
		})
	}
}

func TestArgsLists(t *testing.T) {
	pod := func(rest string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: etcd}\nspec:\n  containers:\n  - image: " +
			"quay.io/coreos/etcd:v3.5.9\n" + rest
	}
	tests := map[string]struct {
		rest string
		err  error
	}{
		"command alone":      {"    command: [etcd]\n", nil},
		"command block":      {"    command:\n    - etcd\n", nil},
		"empty args":         {"    command: [etcd, --name=default]\n    args: []\n", nil},
		"null args":          {"    command: [etcd, --name=default]\n    args:\n", nil},
		"flags in both":      {"    command: [etcd, --name=default]\n    args: [--data-dir=/d]\n", nil},
		"args with program":  {"    args: [/usr/local/bin/etcd, --name=default]\n", nil},
		"value across":       {"    command: [etcd, --name]\n    args: [default]\n", nil},
		"value across force": {"    command: [etcd, --discovery]\n    args: [x, --name=default]\n", ErrShape},
		"only discovery":     {"    args: [--discovery=x]\n", nil},
		"would be empty": {
			"    command: [etcd, --name=default, --initial-cluster=a=http://b:1, --initial-cluster-state=new]\n    " +
				"args: [--discovery=x]\n",
			ErrShape,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := []byte(pod(test.rest))
			list := "default=http://10.0.0.11:2380"
			out, err := Join(text, list)
			if !errors.Is(err, test.err) {
				t.Fatalf("got %v, want %v", err, test.err)
			}
			if err == nil {
				checkJoined(t, text, out, list)
			}
		})
	}
}

// The check of an edit finds what the splicing must not do.
func TestCheck(t *testing.T) {
	before, err := Parse(etcdPod("--name=m1", "--data-dir=/d"))
	if err != nil {
		t.Fatal(err)
	}
	g := goal{set: []setting{{"wal-dir", "/w"}}, drop: isDiscovery}
	good := string(etcdPod("--name=m1", "--data-dir=/d", "--wal-dir=/w"))
	tests := map[string]struct {
		old, changed string
		ok           bool
	}{
		"as intended":   {"", "", true},
		"other flag":    {"/d", "/e", false},
		"flag gone":     {"    - --name=m1\n", "", false},
		"order":         {"    - --name=m1\n    - --data-dir=/d\n", "    - --data-dir=/d\n    - --name=m1\n", false},
		"not set":       {"/w", "/x", false},
		"set twice":     {"    - --wal-dir=/w\n", "    - --wal-dir=/w\n    - --wal-dir=/w\n", false},
		"not dropped":   {"    - --wal-dir=/w\n", "    - --wal-dir=/w\n    - --discovery=x\n", false},
		"pod name":      {"  name: etcd\nspec", "  name: etce\nspec", false},
		"container":     {"  - name: etcd", "  - name: etce", false},
		"another key":   {"spec:", "status: {}\nspec:", false},
		"quotes":        {"- --name=m1", `- "--name=m1"`, false},
		"moved to args": {"    - --wal-dir=/w\n", "    args:\n    - --wal-dir=/w\n", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			after, err := Parse([]byte(strings.Replace(good, test.old, test.changed, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if err := g.check(before, after); (err == nil) != test.ok || err != nil && !errors.Is(err, ErrShape) {
				t.Errorf("got %v", err)
			}
		})
	}
}
