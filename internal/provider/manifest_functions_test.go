//go:build linux

package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
)

const sample = "../../examples/preview-manifests/manifests/m2.yaml"

// calls is a configuration that calls a function with a manifest.
func calls(call, file string) string {
	return fmt.Sprintf("locals { m2 = file(%q) }\noutput \"it\" { value = provider::etcdrecovery::%s }\n", file, call)
}

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
	for call, want := range tests {
		t.Run(strings.SplitN(call, "(", 2)[0], func(t *testing.T) {
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: factories,
				Steps: []resource.TestStep{
					{
						Config:            calls(call, absolute(t, sample)),
						ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("it", want)},
					},
				},
			})
		})
	}
}

// TestFunctionErrors are about the argument that is wrong, and say what to do.
func TestFunctionErrors(t *testing.T) {
	testdata := "../manifest/testdata/"
	tests := []struct{ call, file, want string }{
		{"read_manifest(local.m2)", testdata + "refused/rke2.yaml", "RKE2.*rke2 server --cluster-reset"},
		{"force_manifest(local.m2)", testdata + "refused/openshift-4.yaml", "OpenShift 4.*quorum-restore.sh"},
		{"force_manifest(local.m2)", testdata + "accepted/forced-by-hand.yaml", "already forces a new cluster"},
		{"unforce_manifest(local.m2)", testdata + "refused/cloud-config.yaml", "not a pod manifest"},
		{"join_manifest(local.m2, [])", testdata + "refused/kops.yaml", "etcd-manager-ctl restore-backup"},
		{
			"join_manifest(local.m2, [{ name = \"\", peer_urls = [\"https://10.0.0.13:2380\"] }])",
			sample,
			"a member that has never started has no name yet",
		},
		{
			"join_manifest(local.m2, [{ name = \"m1\", peer_urls = [\"10.0.0.13\"] }])",
			sample,
			"is not a URL that etcd takes",
		},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			want := strings.NewReplacer(" ", `[\s│]+`).Replace(test.want)
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: factories,
				Steps: []resource.TestStep{
					{
						Config:      calls(test.call, absolute(t, test.file)),
						ExpectError: regexp.MustCompile(`(?s)` + strings.ReplaceAll(want, ".*", ".*?")),
					},
				},
			})
		})
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
