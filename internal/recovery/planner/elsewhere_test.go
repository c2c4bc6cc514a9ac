package planner

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/distribution"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// bare is a master without etcd's manifest, on which these paths are.
func bare(name string, signs ...string) recovery.Evidence {
	e := recovery.Evidence{
		Name:       name,
		Reach:      recovery.Reached,
		NoManifest: true,
		Signs:      signs,
		Kubelet:    recovery.Kubelet{Running: true},
	}
	e.Problems = append(e.NotHere(), "no file in /etc/kubernetes/manifests is an etcd static pod")
	return e
}

// barred is one that has no folder for manifests either.
func barred(name string, signs ...string) recovery.Evidence {
	e := recovery.Evidence{Name: name, Reach: recovery.Refused, NoManifest: true, Signs: signs}
	e.ReachError = strings.Join(append(e.NotHere(), "no static pod folder"), "; ")
	return e
}

// leavesTo tells whether a refusal leaves etcd to a distribution, and says in its title which.
func leavesTo(r *recovery.Refusal, distribution string) bool {
	return r.Code == recovery.CodeManagedElsewhere && strings.HasSuffix(r.Title, " "+distribution)
}

// TestElsewhere refuses the etcd of each distribution by its name, with its own way back.
func TestElsewhere(t *testing.T) {
	const certs = "/etc/kubernetes/static-pod-resources/etcd-certs"
	covered := map[string]bool{}
	for _, c := range []struct {
		name  string
		signs []string
		words []string
	}{
		{
			name:  "K3s",
			signs: []string{"/var/lib/rancher/k3s/server/db/etcd"},
			words: []string{"k3s server --cluster-reset", "https://docs.k3s.io/"},
		},
		{
			name:  "RKE2",
			signs: []string{"/var/lib/rancher/rke2/server/db/etcd"},
			words: []string{"rke2 server --cluster-reset", "https://docs.rke2.io/"},
		},
		{
			name:  "k0s",
			signs: []string{"/var/lib/k0s/etcd"},
			words: []string{"k0s restore", "https://docs.k0sproject.io/"},
		},
		{
			name:  "RKE1",
			signs: []string{"/etc/kubernetes/ssl/kube-etcd-10-0-0-11.pem"},
			words: []string{"rke etcd snapshot-restore", "https://rancher.com/docs/rke/"},
		},
		{
			name:  "OpenShift two-node with fencing",
			signs: []string{certs + "/configmaps/external-etcd-pod", certs},
			words: []string{"pcs resource cleanup", "https://docs.okd.io/"},
		},
		{
			name:  "OpenShift 4",
			signs: []string{certs},
			words: []string{"quorum-restore.sh", "https://docs.okd.io/"},
		},
		{
			name:  "MicroK8s",
			signs: []string{"/var/snap/microk8s/current/var/kubernetes/backend"},
			words: []string{"dqlite", "https://microk8s.io/docs/restore-quorum"},
		},
		{
			name:  "Canonical Kubernetes",
			signs: []string{"/var/snap/k8s/common/var/lib/etcd"},
			words: []string{"k8sd cluster-recover", "https://documentation.ubuntu.com/"},
		},
		{
			name:  "Canonical Kubernetes",
			signs: []string{"/var/snap/k8s/common/var/lib/k8s-dqlite"},
			words: []string{"k8sd cluster-recover"},
		},
		{
			name: "systemd",
			signs: []string{
				"/etc/systemd/system/etcd.service",
				"/etc/systemd/system/multi-user.target.wants/etcd.service",
			},
			words: []string{"recover-control-plane.yml", "etcdutl snapshot restore", "kubespray"},
		},
		{
			name:  "systemd",
			signs: []string{"/etc/systemd/system/etcd-member.service"},
			words: []string{"recover-control-plane.yml"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			covered[c.name] = true
			for kind, master := range map[string]func(string, ...string) recovery.Evidence{
				"without a manifest": bare,
				"without a folder":   barred,
			} {
				all := map[string]recovery.Evidence{
					"m1": master("m1", c.signs...),
					"m2": master("m2", c.signs...),
					"m3": master("m3", c.signs...),
				}
				refusals := map[string]error{}
				_, refusals["a choice"] = DecideSeed(recovery.SurveyOf(all), SeedRequest{RecoveryID: "test"})
				_, refusals["a seed"] = DecideSeed(recovery.SurveyOf(all), SeedRequest{RecoveryID: "test", Node: "m2"})
				_, refusals["a member"] = DecideMember(all["m1"], recovery.Cluster{ID: "1"}, false)
				for what, err := range refusals {
					r, ok := recovery.IsRefusal(err)
					if !ok || !leavesTo(r, c.name) || len(r.Title) > 60 || r.Untouched != recovery.NothingTouched {
						t.Fatalf("%s, %s: %v", kind, what, err)
					}
					where := "on m1, m2, m3 there is"
					if what == "a member" {
						where = "on m1 there is"
					}
					if !strings.Contains(r.Found, where) {
						t.Errorf("%s, %s: found %q", kind, what, r.Found)
					}
					for _, w := range slices.Concat(c.words, c.signs[:1], []string{"left-over"}) {
						if !strings.Contains(r.Detail(), w) {
							t.Errorf("%s, %s: does not say %q:\n%s", kind, what, w, r.Detail())
						}
					}
					if strings.Count(r.Next, "recover with ") != 1 {
						t.Errorf("%s, %s: %s", kind, what, r.Next)
					}
				}
				if r, _ := recovery.IsRefusal(refusals["a seed"]); kind == "without a manifest" {
					t.Logf("%s\n\n%s", r.Title, r.Detail())
				}
				if report := Report(
					recovery.SurveyOf(all),
					nil,
				); strings.Count(
					report,
					"that is of "+c.name+", ",
				) != 3 ||
					!strings.Contains(report, c.signs[0]) {
					t.Errorf("%s:\n%s", kind, report)
				}
			}
		})
	}
	for _, d := range distribution.All() {
		if len(d.Paths) > 0 && !covered[d.Name] {
			t.Errorf("%s is not shown", d.Name)
		}
	}
}

// TestOwned refuses etcd whose manifest tells the distribution, as if there were none.
func TestOwned(t *testing.T) {
	for file, name := range map[string]string{
		"rke2":               "RKE2",
		"openshift-4":        "OpenShift 4",
		"openshift-two-node": "OpenShift two-node with fencing",
		"openshift-3":        "OpenShift 3",
		"kops":               "kOps",
		"gardener":           "Gardener",
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("../../manifest/testdata/refused/" + file + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			api, err := os.ReadFile("../../manifest/testdata/refused/rke2-apiserver.yaml")
			if err != nil {
				t.Fatal(err)
			}
			owned := func(master string) recovery.Evidence {
				e := recovery.Evidence{Name: master, Reach: recovery.Reached, Kubelet: recovery.Kubelet{Running: true}}
				m, problems := survey.FindManifest(
					&e,
					&node.Pods{
						ManifestDir: "/m",
						Files: []node.File{
							{Path: "/m/kube-apiserver.yaml", Text: api},
							{Path: "/m/etcd.yaml", Text: text},
							{Path: "/m/etcd-events.yaml", Text: text},
						},
					},
				)
				if m != nil || len(problems) != 1 || e.NoManifest {
					t.Fatalf("got %v, %q, %+v", m, problems, e)
				}
				e.Problems = problems
				return e
			}
			all := map[string]recovery.Evidence{"m1": owned("m1"), "m2": owned("m2"), "m3": bare("m3")}
			_, seed := DecideSeed(recovery.SurveyOf(all), SeedRequest{RecoveryID: "test"})
			_, member := DecideMember(all["m1"], recovery.Cluster{ID: "1"}, false)
			for what, err := range map[string]error{"a seed": seed, "a member": member} {
				r, ok := recovery.IsRefusal(err)
				if !ok || !leavesTo(r, name) || len(r.Title) > 60 || r.Untouched != recovery.NothingTouched {
					t.Fatalf("%s: %v", what, err)
				}
				if d := distribution.Named(
					name,
				); !strings.Contains(r.Found, " /m/etcd.yaml has ") || !strings.Contains(r.Next, d.Tool) ||
					!strings.Contains(r.Next, d.Docs) {
					t.Errorf("%s:\n%s", what, r.Detail())
				}
			}
		})
	}
}

// TestLeftovers are signs of another distribution that decide nothing, or not alone.
func TestLeftovers(t *testing.T) {
	const k3s, unit = "/var/lib/rancher/k3s/server/db/etcd", "/etc/systemd/system/etcd.service"
	if own := with(
		stopped(recovery.OnDisk{Commit: 9}),
		func(e *recovery.Evidence) { e.Signs = []string{k3s} },
	).Elsewhere(); len(
		own,
	) > 0 {
		t.Errorf("a master that has its manifest: %v", own)
	}
	if own := bare("m1").Elsewhere(); len(own) > 0 {
		t.Errorf("a master without signs: %v", own)
	}
	if own := bare(
		"m1",
		"/var/lib/rancher/k3s/server/db",
		k3s+"/member",
		"/etc/kubernetes/ssl/etcd/x.pem",
	).Elsewhere(); len(own) > 0 {
		t.Errorf("paths that were not asked for: %v", own)
	}

	// Two at once: both are named.
	r, _ := recovery.IsRefusal(refuseElsewhere(bare("m1", k3s), bare("m2", unit), bare("m3")))
	for _, w := range []string{
		"on m1 there is no etcd manifest, but " + k3s,
		"on m2 there is no etcd manifest, but " + unit,
		"recover with k3s server --cluster-reset: ",
		"recover with kubespray's recover-control-plane.yml",
	} {
		if !strings.Contains(r.Detail(), w) {
			t.Errorf("does not say %q:\n%s", w, r.Detail())
		}
	}

	// A survivor that could be the seed, and a master on which something else may start etcd at any time.
	all := map[string]recovery.Evidence{"m1": seedable(), "m2": bare("m2"), "m3": bare("m3")}
	if _, err := DecideSeed(recovery.SurveyOf(all), SeedRequest{RecoveryID: "test", Node: "m1"}); err != nil {
		t.Fatal(err)
	}
	all["m3"] = bare("m3", unit)
	for _, node := range []string{"", "m1"} {
		_, err := DecideSeed(recovery.SurveyOf(all), SeedRequest{RecoveryID: "test", Node: node})
		if r, ok := recovery.IsRefusal(err); !ok || !leavesTo(r, "systemd") ||
			!strings.Contains(r.Found, "on m3 there is") {
			t.Errorf("node %q: %v", node, err)
		}
	}
}

// seedable is m1 as a survivor from which a new cluster could be forced.
func seedable() recovery.Evidence {
	return with(stopped(recovery.OnDisk{Commit: 9, MemberID: 1}), func(e *recovery.Evidence) {
		e.Name, e.MemberName, e.PeerURLs = "m1", "m1", []string{"https://m1:2380"}
		e.ManifestPath, e.Kubelet, e.FreeBytes = "/etc/kubernetes/manifests/etcd.yaml", recovery.Kubelet{
			Running: true,
		}, 1<<30
		e.Manifest = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: etcd\n  namespace: kube-system\nspec:\n  " +
			"containers:\n  - name: etcd\n    image: " + fixed +
			"\n    command:\n    - etcd\n    - --name=m1\n    - --initial-advertise-peer-urls=https://m1:2380\n    - " +
			"--data-dir=/d\n"
	})
}
