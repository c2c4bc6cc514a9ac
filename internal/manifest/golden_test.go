package manifest

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// update rewrites the golden files: go test ./internal/manifest -update.
var update = flag.Bool("update", false, "write what was got into the golden files")

// joined is what the accepted manifests join; all of them are called m1 or have
// no name.
func joined(name string) string {
	return InitialCluster([]Member{
		{Name: "m2", PeerURLs: []string{"https://[fd00::12]:2380", "https://10.0.0.12:2380"}},
		{Name: name, PeerURLs: []string{"https://10.0.0.11:2380"}},
	})
}

// accepted are samples written by hand, and what kubeadm of several versions has written (testdata/kubeadm/generate).
func accepted(t testing.TB) map[string][]byte { return readAll(t, "accepted", "kubeadm") }
func refused(t testing.TB) map[string][]byte  { return readAll(t, "refused") }

// unforceable can be read and join, but not be forced.
func unforceable(t testing.TB) map[string][]byte { return readAll(t, "unforceable") }

func readAll(t testing.TB, folders ...string) map[string][]byte {
	t.Helper()
	texts := map[string][]byte{}
	for _, folder := range folders {
		files, err := filepath.Glob("testdata/" + folder + "/*.yaml")
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s: %v", folder, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts[strings.TrimSuffix(file, ".yaml")] = text
		}
	}
	return texts
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n%s", file, Diff("want", "got", want, []byte(got)))
	}
}

func TestForceGolden(t *testing.T) {
	for file, text := range accepted(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			out, err := Force(text)
			if strings.Contains(file, "forced") {
				if !errors.Is(err, ErrForced) {
					t.Fatalf("got %v, want ErrForced", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checkForced(t, text, out)
			golden(t, file+".force.diff", Diff("a", "b", text, out))
		})
	}
}

func TestJoinGolden(t *testing.T) {
	for file, text := range accepted(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			m, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			out, err := Join(text, joined(m.Name()))
			if err != nil {
				t.Fatal(err)
			}
			checkJoined(t, text, out, joined(m.Name()))
			golden(t, file+".join.diff", Diff("a", "b", text, out))
		})
	}
}

// What cannot be forced may still be read and join.
func TestUnforceable(t *testing.T) {
	for file, text := range unforceable(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, err := Force(text)
			if err == nil {
				t.Fatal("it was forced")
			}
			checkReason(t, err)
			golden(t, file+".force.error", err.Error()+"\n")
			out, err := Join(text, joined("m1"))
			if err != nil {
				t.Fatal(err)
			}
			checkJoined(t, text, out, joined("m1"))
			golden(t, file+".join.diff", Diff("a", "b", text, out))
		})
	}
}

// A forced manifest that joins obeys the rules of the original that joins.
func TestJoinUndoesForce(t *testing.T) {
	for file, text := range accepted(t) {
		if strings.Contains(file, "forced") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			m, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			forced, err := Force(text)
			if err != nil {
				t.Fatal(err)
			}
			through, err := Join(forced, joined(m.Name()))
			if err != nil {
				t.Fatal(err)
			}
			checkJoined(t, text, through, joined(m.Name()))
			if again, err := Parse(through); err != nil || !again.SamePod(m) {
				t.Errorf("the pod is not the original one: %v", err)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	reasons := map[string]error{
		"alias-list":            ErrShape,
		"alias-nowhere":         ErrSyntax,
		"anchored-list":         ErrShape,
		"any-flags":             ErrUnresolved,
		"apiserver":             ErrNoEtcd,
		"backslashes":           ErrSyntax,
		"byte-order-mark":       ErrShape,
		"cloud-config":          ErrNotPod,
		"command-string":        ErrSyntax,
		"command-twice":         ErrShape,
		"config-file":           ErrConfigFile,
		"config-file-env":       ErrConfigFile,
		"deployment":            ErrNotPod,
		"empty":                 ErrNotPod,
		"env-from":              ErrEnvironment,
		"environment-and-flag":  ErrEnvironment,
		"environment-from-node": ErrUnresolved,
		"environment-number":    ErrSyntax,
		"environment-twice":     ErrEnvironment,
		"flag-and-value-in-one": ErrSyntax,
		"force-two-items":       ErrSyntax,
		"gardener":              ErrDistribution,
		"kops":                  ErrDistribution,
		"kops-runner":           ErrDistribution,
		"kube-up":               ErrShell,
		"list":                  ErrNotPod,
		"merge-key":             ErrShape,
		"mirror-pod":            ErrMirrorPod,
		"no-command":            ErrShape,
		"no-value":              ErrSyntax,
		"node-ip":               ErrUnresolved,
		"not-a-string":          ErrSyntax,
		"old-mac":               ErrShape,
		"only-comments":         ErrNotPod,
		"only-proxy":            ErrNoEtcd,
		"openshift-3":           ErrDistribution,
		"openshift-4":           ErrDistribution,
		"openshift-two-node":    ErrDistribution,
		"rke2":                  ErrDistribution,
		"rke2-apiserver":        ErrNoEtcd,
		"rke2-no-annotation":    ErrDistribution,
		"tabs":                  ErrSyntax,
		"template":              ErrUnresolved,
		"truncated":             ErrSyntax,
		"two-documents":         ErrShape,
		"two-etcd":              ErrTwoEtcd,
		"words":                 ErrNotPod,
		"wrapper":               ErrShell,
		"yes":                   ErrSyntax,
		"other-shape":           ErrNoEtcd,
		"other-documents":       ErrNoEtcd,
		"other-script":          ErrNoEtcd,
	}
	texts := refused(t)
	if len(texts) != len(reasons) {
		t.Errorf("%d files, %d reasons", len(texts), len(reasons))
	}
	for file, text := range texts {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want := reasons[filepath.Base(file)]
			_, err := Parse(text)
			if want == nil || !errors.Is(err, want) {
				t.Fatalf("got %v, want %v", err, want)
			}
			checkReason(t, err)
			golden(t, file+".error", err.Error()+"\n")
			if _, err := Force(text); !errors.Is(err, want) {
				t.Errorf("Force: %v", err)
			}
			if _, err := Join(text, joined("m1")); !errors.Is(err, want) {
				t.Errorf("Join: %v", err)
			}
		})
	}
}
