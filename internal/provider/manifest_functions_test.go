//go:build linux

package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
)

const sample = "../../examples/preview-manifests/manifests/m2.yaml"

func absolute(t *testing.T, file string) string {
	t.Helper()
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFunctions has what each function gives, from what the resources use.
func TestFunctions(t *testing.T) {
	text, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	forced, err := manifest.Force(text)
	if err != nil {
		t.Fatal(err)
	}
	joined, err := manifest.Join(text, "m1=https://10.0.0.11:2380,m2=https://10.0.0.12:2380,z=https://10.0.0.19:2380")
	if err != nil {
		t.Fatal(err)
	}
	exact := func(s string) knownvalue.Check { return knownvalue.StringExact(s) }
	list := func(s ...string) knownvalue.Check {
		var all []knownvalue.Check
		for _, one := range s {
			all = append(all, exact(one))
		}
		return knownvalue.ListExact(all)
	}
	tests := map[string]knownvalue.Check{
		`force_manifest(local.m2)`: exact(string(forced)),
		`force_manifest(provider::etcdrecovery::force_manifest(local.m2))`:   exact(string(forced)),
		`unforce_manifest(provider::etcdrecovery::force_manifest(local.m2))`: exact(string(text)),
		`unforce_manifest(local.m2)`:                                         exact(string(text)),
		// m2 was there under another address.
		"join_manifest(local.m2, [" +
			`{ name = "z", peer_urls = ["https://10.0.0.19:2380"] }, ` +
			`{ name = "m2", peer_urls = ["https://10.0.0.99:2380"] }, ` +
			`{ name = "m1", peer_urls = ["https://10.0.0.11:2380"] }])`: exact(string(joined)),
		`read_manifest(local.m2)`: knownvalue.ObjectPartial(map[string]knownvalue.Check{
			"namespace":             exact("kube-system"),
			"pod_name":              exact("etcd"),
			"name":                  exact("m2"),
			"image":                 exact("registry.k8s.io/etcd:3.6.16-0"),
			"data_dir":              exact("/var/lib/etcd"),
			"wal_dir":               knownvalue.Null(),
			"peer_urls":             list("https://10.0.0.12:2380"),
			"listen_client_urls":    list("https://127.0.0.1:2379", "https://10.0.0.12:2379"),
			"initial_cluster_state": exact("existing"),
			"force_new_cluster":     knownvalue.Bool(false),
			"settings": knownvalue.MapPartial(
				map[string]knownvalue.Check{"snapshot-count": exact("10000"), "client-cert-auth": exact("true")},
			),
			"host_paths": knownvalue.MapPartial(
				map[string]knownvalue.Check{
					"data-dir":      exact("/var/lib/etcd"),
					"peer-key-file": exact("/etc/kubernetes/pki/etcd/peer.key"),
				},
			),
			"feature_gates": knownvalue.MapExact(
				map[string]knownvalue.Check{"InitialCorruptCheck": knownvalue.Bool(true)},
			),
			"probes": knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectExact(map[string]knownvalue.Check{
				"kind":    exact("liveness"),
				"scheme":  exact("http"),
				"host":    exact("127.0.0.1"),
				"port":    exact("2381"),
				"path":    exact("/livez"),
				"command": list(),
			})}),
		}),
	}
	// All in one configuration: each of its own would cost half a dozen runs of the CLI.
	config := fmt.Sprintf("locals { m2 = file(%q) }\n", absolute(t, sample))
	var checks []statecheck.StateCheck
	for call, want := range tests {
		name := fmt.Sprintf("it%d", len(checks))
		config += fmt.Sprintf("output %q {\n  value = provider::etcdrecovery::%s\n}\n", name, call)
		checks = append(checks, statecheck.ExpectKnownOutputValue(name, want))
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps:                    []resource.TestStep{{Config: config, ConfigStateChecks: checks}},
	})
}

// TestFunctionErrors are about the argument that is wrong, and say what to do. One plan has them all, each about the
// call that it comes of.
func TestFunctionErrors(t *testing.T) {
	testdata := "../manifest/testdata/"
	tests := []struct{ call, file, want string }{
		{"read_manifest(FILE)", testdata + "refused/rke2.yaml", "RKE2.*rke2 server --cluster-reset"},
		{"force_manifest(FILE)", testdata + "refused/openshift-4.yaml", "OpenShift 4.*quorum-restore.sh"},
		{"force_manifest(FILE)", testdata + "accepted/forced-by-hand.yaml", "already forces a new cluster"},
		{"unforce_manifest(FILE)", testdata + "refused/cloud-config.yaml", "not a pod manifest"},
		{"join_manifest(FILE, [])", testdata + "refused/kops.yaml", "etcd-manager-ctl restore-backup"},
		{
			"join_manifest(FILE, [{ name = \"\", peer_urls = [\"https://10.0.0.13:2380\"] }])",
			sample,
			"a member that has never started has no name yet",
		},
		{
			"join_manifest(FILE, [{ name = \"m1\", peer_urls = [\"10.0.0.13\"] }])",
			sample,
			"is not a URL that etcd takes",
		},
	}
	with, err := tools()
	if err != nil {
		t.Fatal(err)
	}
	w, err := with.Copy(filepath.Join(t.TempDir(), "errors"), "preview-manifests")
	if err != nil {
		t.Fatal(err)
	}
	config := "terraform {\n  required_providers {\n    etcdrecovery = { source = \"etcdrecovery/etcdrecovery\" }\n  " +
		"}\n}\n"
	for i, test := range tests {
		call := strings.Replace(test.call, "FILE", fmt.Sprintf("file(%q)", absolute(t, test.file)), 1)
		config += fmt.Sprintf("output \"it%d\" {\n  value = provider::etcdrecovery::%s\n}\n", i, call)
	}
	if err := os.WriteFile(filepath.Join(w.Dir, "main.tf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	_, folded := run(t, w, 1, "plan", "-no-color")
	said := strings.Split(folded, "Error: ")[1:]
	if len(said) != len(tests) {
		t.Errorf("%d errors, want %d", len(said), len(tests))
	}
	for i, test := range tests {
		about := regexp.MustCompile(fmt.Sprintf(`in output "it%d".*%s`, i, test.want))
		if !slices.ContainsFunc(said, about.MatchString) {
			t.Errorf("no error about output it%d says %q in\n%s", i, test.want, folded)
		}
	}
}

// TestPreviewExample runs the tests of the example with the real CLI, and sees them fail where they have to.
func TestPreviewExample(t *testing.T) {
	with, err := tools()
	if err != nil {
		t.Fatal(err)
	}
	w, err := with.Copy(filepath.Join(t.TempDir(), "preview"), "preview-manifests")
	if err != nil {
		t.Fatal(err)
	}
	_, folded := run(t, w, 0, "test", "-no-color")
	wantWords(t, folded, "3 passed, 0 failed")
	file := filepath.Join(w.Dir, "manifests", "m3.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(
		file,
		[]byte(strings.Replace(string(text), "--initial-cluster-state=existing", "--initial-cluster-state=new", 1)),
		0o600,
	); err != nil {
		t.Fatal(err)
	}
	_, folded = run(t, w, 1, "test", "-no-color")
	wantWords(t, folded, "A manifest that is as it has to be was changed.")
}
