package manifest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The rules that every edit obeys, checked without the help of the code under
// test: the pods are read as plain values and the flags by prefix.

func checkForced(t *testing.T, before, after []byte) {
	t.Helper()
	m, err := Parse(after)
	if err != nil {
		t.Fatal(err)
	}
	if !m.Forced() || m.InitialClusterState() != "existing" {
		t.Errorf("forced %t, state %q", m.Forced(), m.InitialClusterState())
	}
	if again, err := Force(after); err != nil || !bytes.Equal(again, after) {
		t.Errorf("a second Force changes it: %v\n%s", err, Diff("first", "second", after, again))
	}
	if undone, err := Unforce(after); err != nil || !bytes.Equal(undone, before) {
		t.Errorf("Unforce does not give back what was: %v\n%s", err, Diff("was", "is", before, undone))
	}
	was, is := readPod(t, before), readPod(t, after)
	if is.name() != was.name()+"-force-new-cluster" {
		t.Errorf("name %q", is.name())
	}
	is.rename(was.name())
	added, want := []string{"--force-new-cluster=true"}, was.command()
	if was.setting("initial-cluster-state") != "existing" {
		added = append(added, "--initial-cluster-state=existing")
	}
	if !was.hasVariable("ETCD_HEARTBEAT_INTERVAL", "ETCD_ELECTION_TIMEOUT") &&
		count(want, "heartbeat-interval")+count(want, "election-timeout") == 0 {
		added = append(added, "--heartbeat-interval=10", "--election-timeout=100")
	}
	end := len(want)
	if end > 0 && want[end-1] == "--" {
		end--
	}
	if want = slices.Insert(want, end, added...); !slices.Equal(is.command(), want) {
		t.Errorf("got  %q\nwant %q", is.command(), want)
	}
	checkRest(t, was, is, before, after)
}

func checkJoined(t *testing.T, before, after []byte, initialCluster string) {
	t.Helper()
	m, err := Parse(after)
	if err != nil {
		t.Fatal(err)
	}
	if m.InitialCluster() != initialCluster || m.InitialClusterState() != "existing" || m.Forced() {
		t.Errorf("got %q, state %q, forced %t", m.InitialCluster(), m.InitialClusterState(), m.Forced())
	}
	again, err := Join(after, initialCluster)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, after) {
		t.Errorf("a second Join changes it:\n%s", Diff("first", "second", after, again))
	}
	was, is := readPod(t, before), readPod(t, after)
	if name := was.name(); is.name() != name {
		if is.name()+"-force-new-cluster" != name {
			t.Errorf("name %q", is.name())
		}
		is.rename(name)
	}
	for _, flag := range []string{"initial-cluster", "initial-cluster-state"} {
		variables := slices.DeleteFunc(is.environment(), func(v map[string]any) bool {
			return v["name"] != "ETCD_"+strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
		})
		if n := count(is.command(), flag) + len(variables); n != 1 {
			t.Errorf("--%s is given %d times", flag, n)
		}
	}
	checkRest(t, was, is, before, after, "force-new-cluster", "initial-cluster", "initial-cluster-state", "discovery")
}

// checkRest compares everything but the flags that an edit is about.
func checkRest(t *testing.T, was, is podValue, before, after []byte, flags ...string) {
	t.Helper()
	if a, b := without(was.command(), flags), without(is.command(), flags); len(flags) > 0 && !slices.Equal(a, b) {
		t.Errorf("other arguments changed:\n%q\n%q", a, b)
	}
	if a, b := was.withoutCommand(flags), is.withoutCommand(flags); !reflect.DeepEqual(a, b) {
		t.Errorf("the pod changed beside its command line:\n%v\n%v", a, b)
	}
	if a, b := commentLines(before), commentLines(after); !slices.Equal(a, b) {
		t.Errorf("comments changed:\n%q\n%q", a, b)
	}
	if a, b := bytes.HasSuffix(before, []byte("\n")), bytes.HasSuffix(after, []byte("\n")); a != b {
		t.Errorf("line break at the end: %t, was %t", b, a)
	}
	crlf := bytes.Count(before, []byte("\n")) > 0 &&
		bytes.Count(before, []byte("\n")) == bytes.Count(before, []byte("\r\n"))
	if crlf && bytes.Count(after, []byte("\n")) != bytes.Count(after, []byte("\r\n")) {
		t.Error("line breaks are mixed")
	}
	if !bytes.Contains(before, []byte("\r")) && bytes.Contains(after, []byte("\r")) {
		t.Error("a carriage return came in")
	}
	checkPatch(t, before, after)
}

// checkReason demands what an operator needs: which line, what, and what to do.
func checkReason(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	if !strings.Contains(text, "found") && !strings.Contains(text, "line") && !strings.Contains(text, "file") {
		t.Errorf("says too little: %s", text)
	}
	first := text[:1]
	if first != strings.ToLower(first) || strings.HasSuffix(text, ".") {
		t.Errorf("not in the style of an error: %s", text)
	}
}

func commentLines(text []byte) []string {
	var out []string
	for _, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// podValue is a pod as plain maps and lists.
type podValue map[string]any

func readPod(t *testing.T, text []byte) podValue {
	t.Helper()
	pod := map[string]any{}
	if err := yaml.Unmarshal(text, &pod); err != nil {
		t.Fatal(err)
	}
	return asMap(plain(pod))
}

// plain is a value with text as the keys of all its mappings.
func plain(v any) any {
	switch v := v.(type) {
	case map[any]any:
		out := map[string]any{}
		for key, value := range v {
			out[fmt.Sprint(key)] = plain(value)
		}
		return out
	case map[string]any:
		for key, value := range v {
			v[key] = plain(value)
		}
	case []any:
		for i, value := range v {
			v[i] = plain(value)
		}
	}
	return v
}

func (p podValue) metadata() map[string]any { return asMap(p["metadata"]) }

func (p podValue) name() string {
	name, _ := p.metadata()["name"].(string)
	return name
}

func (p podValue) rename(name string) { p.metadata()["name"] = name }

// etcd is the container whose command line is edited.
func (p podValue) etcd() map[string]any {
	list, _ := asMap(p["spec"])["containers"].([]any)
	for _, entry := range list {
		c := asMap(entry)
		argv := words(c["command"], c["args"])
		if image, _ := c["image"].(string); len(argv) == 0 && strings.Contains(image, "/etcd:") {
			return c
		} else if len(argv) == 0 {
			continue
		}
		isServer := argv[0] == "etcd" || strings.HasSuffix(argv[0], "/etcd") || c["command"] == nil && argv[0][0] == '-'
		if isServer && (len(argv) == 1 || argv[1] != "grpc-proxy" && argv[1] != "gateway") {
			return c
		}
	}
	return map[string]any{}
}

func (p podValue) command() []string { return words(p.etcd()["command"], p.etcd()["args"]) }

// environment is what the container is given, in order.
func (p podValue) environment() []map[string]any {
	list, _ := p.etcd()["env"].([]any)
	var out []map[string]any
	for _, entry := range list {
		out = append(out, asMap(entry))
	}
	return out
}

// hasVariable tells whether there is one of these variables, be it an empty one.
func (p podValue) hasVariable(names ...string) bool {
	return slices.ContainsFunc(p.environment(), func(v map[string]any) bool {
		name, _ := v["name"].(string)
		return slices.Contains(names, name)
	})
}

// setting is the value that etcd would take, "" for none. Variables within it
// are not put in; the corpus has none that matter.
func (p podValue) setting(flag string) string {
	value := ""
	argv := p.command()
	for i, arg := range argv {
		if name, assigned := flagIn(arg); name != flag {
			continue
		} else if assigned {
			_, value, _ = strings.Cut(arg, "=")
		} else if i+1 < len(argv) {
			value = argv[i+1]
		}
	}
	for _, v := range p.environment() {
		if v["name"] == "ETCD_"+strings.ToUpper(strings.ReplaceAll(flag, "-", "_")) {
			value, _ = v["value"].(string)
		}
	}
	return value
}

// withoutCommand drops the command line, and the values of the variables of
// flags. It returns the pod for comparison.
func (p podValue) withoutCommand(flags []string) podValue {
	for _, v := range p.environment() {
		name, _ := v["name"].(string)
		flag := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "ETCD_"), "_", "-"))
		if strings.HasPrefix(name, "ETCD_") && isOneOf(flag, flags) {
			delete(v, "value")
		}
	}
	c := p.etcd()
	delete(c, "command")
	delete(c, "args")
	return p
}

func isOneOf(flag string, flags []string) bool {
	return slices.ContainsFunc(flags, func(f string) bool {
		return flag == f || f == "discovery" && strings.HasPrefix(flag, "discovery-")
	})
}

func asMap(v any) map[string]any {
	if m, ok := v.(map[string]any); ok {
		return m
	}
	return map[string]any{}
}

func words(lists ...any) []string {
	var out []string
	for _, list := range lists {
		entries, _ := list.([]any)
		for _, entry := range entries {
			word, _ := entry.(string)
			out = append(out, word)
		}
	}
	return out
}

// without leaves out flags, each with a value that follows as its own item.
func without(argv []string, flags []string) []string {
	var out []string
	for i := 0; i < len(argv); i++ {
		name, assigned := flagIn(argv[i])
		switch {
		case !isOneOf(name, flags):
			out = append(out, argv[i])
			// The value of another flag may look like one of ours; the corpus
			// has none.
		case !assigned && name != "force-new-cluster" && !strings.HasPrefix(name, "discovery-insecure"):
			i++
		}
	}
	return out
}

func count(argv []string, flag string) int {
	n := 0
	for _, arg := range argv {
		if name, _ := flagIn(arg); name == flag {
			n++
		}
	}
	return n
}

func flagIn(arg string) (name string, assigned bool) {
	if !strings.HasPrefix(arg, "-") {
		return "", false
	}
	name, _, assigned = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
	return name, assigned
}
