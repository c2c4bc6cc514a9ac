//go:build linux

package provider_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults/link"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// workspace is a folder with a configuration, for what the test framework does not show: warnings, logs, for_each.
func workspace(t *testing.T, l *lab.Lab, config string) *terraform.Workspace {
	t.Helper()
	return workspaceIn(t, t.TempDir(), l, config)
}

func workspaceIn(t *testing.T, dir string, l *lab.Lab, config string) *terraform.Workspace {
	t.Helper()
	with, err := tools()
	if err != nil {
		t.Fatal(err)
	}
	w, err := with.Chain(dir, l)
	if err != nil {
		t.Fatal(err)
	}
	header := "terraform {\n  required_providers {\n    etcdrecovery = { source = \"etcdrecovery/etcdrecovery\" }\n  " +
		"}\n}\n"
	for name, text := range map[string]string{"main.tf": header + config, "variables.tf": "", "outputs.tf": ""} {
		if err := os.WriteFile(filepath.Join(w.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(w.Dir, "terraform.tfvars.json")); err != nil {
		t.Fatal(err)
	}
	return w
}

// run wants an exit code, and gives the text with line breaks folded, as Terraform wraps its messages.
func run(t *testing.T, w *terraform.Workspace, exit int, args ...string) (text, folded string) {
	t.Helper()
	r, err := w.Run(t.Context(), nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	if r.ExitCode != exit {
		t.Fatalf("%s ended with %d, want %d:\n%s", strings.Join(args, " "), r.ExitCode, exit, r.Text)
	}
	return r.Text, regexp.MustCompile(`[\s│]+`).ReplaceAllString(r.Text, " ")
}

// wantRefused wants a refusal of this code, and gives what the operator reads.
func wantRefused(t *testing.T, w *terraform.Workspace, code recovery.Code, args ...string) (folded string) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "watch")
	var mu sync.Mutex
	var codes []recovery.Code
	listener, err := link.Listen(socket, func(e link.Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Refused != "" {
			codes = append(codes, e.Refused)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // where run ends the test
	watched := *w
	watched.Env = append(slices.Clone(w.Env), link.Variable+"="+socket)
	_, folded = run(t, &watched, 1, args...)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(codes, code) {
		t.Errorf("refused with %q, want %q:\n%s", codes, code, folded)
	}
	return folded
}

func wantWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("the output does not say %q", w)
		}
	}
}

// wantSettled plans once more: no changes.
func wantSettled(t *testing.T, w *terraform.Workspace) {
	t.Helper()
	_, folded := run(t, w, 0, "plan", "-no-color", "-detailed-exitcode")
	wantWords(t, folded, "No changes.")
}

// attributes reads what the state says of each resource, by its address.
func attributes(t *testing.T, w *terraform.Workspace) map[string]map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.Dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Mode, Type, Name string
			Instances        []struct{ Attributes map[string]any }
		}
	}
	if err := json.Unmarshal(text, &state); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]any{}
	for _, r := range state.Resources {
		if r.Mode == "managed" && len(r.Instances) == 1 {
			all[r.Type+"."+r.Name] = r.Instances[0].Attributes
		}
	}
	return all
}

// wantRecovered has the keys on every master, no force flag, and in each file what the state says.
func wantRecovered(t *testing.T, l *lab.Lab, w *terraform.Workspace, keys int64) {
	t.Helper()
	wantKeys(t, l, keys)
	wantNoForceFlag(t, l)
	all := attributes(t, w)
	if len(all) != len(l.Nodes()) {
		t.Errorf("the state has %d resources", len(all))
	}
	for name, a := range all {
		path, _ := a["manifest_path"].(string)
		manifest, _ := a["manifest"].(string)
		wantPlannedManifest(t, name, path, manifest)
		if a["status"] != "healthy" {
			t.Errorf("%s is %v", name, a["status"])
		}
	}
}

// privateKeys are the private keys of the lab: every etcd key of every master and the one that logs in.
func privateKeys(t *testing.T, l *lab.Lab) [][]byte {
	t.Helper()
	files := []string{l.SSHKeyFile()}
	for _, m := range l.Nodes() {
		keys, err := filepath.Glob(m.Path("/etc/kubernetes/pki/etcd/*.key"))
		if err != nil || len(keys) < 3 {
			t.Fatalf("%s has the keys %v (%v)", m.Name(), keys, err)
		}
		files = append(files, keys...)
	}
	var all [][]byte
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		if block == nil {
			t.Fatalf("%s is no PEM", f)
		}
		all = append(all, block.Bytes)
	}
	return all
}

func wantNoSecret(t *testing.T, secrets [][]byte, where string, text []byte) {
	t.Helper()
	if found := secretIn(secrets, text); found != "" {
		t.Errorf("%s holds a private key %s", where, found)
	}
}

// secretIn searches for private keys as bytes, as the base64 of PEM and JSON, whatever the line breaks, and for the
// words of a PEM.
func secretIn(secrets [][]byte, text []byte) string {
	clean := strings.NewReplacer(`\n`, "", "\n", "", " ", "").Replace(string(text))
	for _, key := range secrets {
		// The first bytes of a key in DER are the same for all keys; its middle is not.
		middle := key[len(key)/3:]
		if bytes.Contains(text, middle[:24]) {
			return "as it is"
		}
		for shift := range 3 { // base64 of the same bytes differs with their offset in what was encoded
			if strings.Contains(clean, base64.StdEncoding.EncodeToString(middle[shift:shift+21])) {
				return "in base64"
			}
		}
	}
	if strings.Contains(string(text), "PRIVATE KEY-----") {
		return "in PEM"
	}
	return ""
}

// TestSecretIn plants keys, so that the search is known to find one.
func TestSecretIn(t *testing.T) {
	key := make([]byte, 121)
	for i := range key {
		key[i] = byte(i * 7)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "SOMETHING", Bytes: key})
	escaped := strings.ReplaceAll(string(text), "\n", `\n`)
	for name, planted := range map[string][]byte{
		"raw":                append([]byte("before"), key...),
		"PEM":                text,
		"JSON":               []byte(escaped),
		"base64 of the file": []byte(base64.StdEncoding.EncodeToString(append([]byte("xx"), key...))),
		"PEM of another key": []byte("-----BEGIN EC PRIVATE KEY-----"),
	} {
		if secretIn([][]byte{key}, planted) == "" {
			t.Errorf("a key planted as %s is not found", name)
		}
	}
	if found := secretIn([][]byte{key}, []byte("nothing of the kind")); found != "" {
		t.Errorf("found a key %s where there is none", found)
	}
}
