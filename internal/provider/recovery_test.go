//go:build linux

package provider_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

var noChanges = resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}

// TestRecover brings back clusters that have lost their majority for good, and then plans again: no changes.
func TestRecover(t *testing.T) {
	for _, c := range []struct {
		name   string
		lab    lab.Options
		seed   string
		config func(*lab.Lab) string
	}{
		{name: "3 masters, etcd 3.7, chain", lab: lab.Options{Etcd: "3.7"}, config: chain},
		{name: "3 masters, etcd 3.6, chain", lab: lab.Options{Etcd: "3.6"}, config: chain},
		{name: "3 masters, etcd 3.5, chain, WAL elsewhere", lab: lab.Options{Etcd: "3.5", WALDir: true}, config: chain},
		{name: "5 masters, etcd 3.5, chain", lab: lab.Options{Etcd: "3.5", Masters: 5}, config: chain},
		{name: "3 masters as kubeadm upgrade leaves them", lab: lab.Options{Shape: lab.SelfOnly}, seed: `node = "m1"`, config: chain},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, keys := start(t, c.lab)
			loseMajority(t, l)
			config := surveyBlock(l) + seedBlock(c.seed) + c.config(l)
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: factories,
				Steps: []resource.TestStep{
					{Config: config, Check: func(s *terraform.State) error {
						wantKeys(t, l, keys)
						wantNoForceFlag(t, l)
						wantPlannedManifests(t, s)
						return nil
					}},
					{Config: config, ConfigPlanChecks: noChanges},
				},
			})
		})
	}
}

// forEach lets the others join in whatever order. It is tested on the command line: the test framework cannot read such
// a state.
func forEach(l *lab.Lab) string {
	var names []string
	for _, m := range l.Masters()[1:] {
		names = append(names, `"`+m.Name()+`"`)
	}
	return `
resource "etcdrecovery_member" "others" {
  for_each  = toset([` + strings.Join(names, ", ") + `])
  node      = data.etcdrecovery_survey.masters.nodes[each.key]
  join      = etcdrecovery_seed.this.cluster
  any_order = true
}
`
}

// wantPlannedManifests compares the files on the masters with the state, which Terraform has compared with the plan.
func wantPlannedManifests(t *testing.T, s *terraform.State) {
	t.Helper()
	for name, r := range s.RootModule().Resources {
		if !strings.HasPrefix(name, "etcdrecovery_") {
			continue
		}
		text, err := os.ReadFile(r.Primary.Attributes["manifest_path"])
		if err != nil || string(text) != r.Primary.Attributes["manifest"] {
			t.Errorf("%s: the file is not what the plan showed (%v): %s", name, err, text)
		}
	}
}

func wantNoForceFlag(t *testing.T, l *lab.Lab) {
	t.Helper()
	for _, m := range l.Masters() {
		text, err := os.ReadFile(m.Path("/etc/kubernetes/manifests/etcd.yaml"))
		if err != nil || strings.Contains(string(text), "force-new-cluster") {
			t.Errorf("the manifest of %s has the force flag, or cannot be read: %v", m.Name(), err)
		}
	}
}

// trees are hashes of all files that a recovery could touch; etcd must be stopped where data is included.
func trees(t *testing.T, l *lab.Lab, data bool) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, m := range l.Masters() {
		paths := []string{"/etc/kubernetes", "/var/lib/kubelet"}
		if data {
			paths = append(paths, "/var/lib/etcd")
		}
		hash, err := m.TreeHash(paths...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(m.Path("/var/lib/etcdrecovery")); err == nil {
			hash += ", with a work folder"
		}
		all[m.Name()] = hash
	}
	return all
}

func wantSame(t *testing.T, before, after map[string]string) {
	t.Helper()
	for name, hash := range before {
		if after[name] != hash {
			t.Errorf("%s was touched: %s, before: %s", name, after[name], hash)
		}
	}
}

// TestRefuseStartable loses the processes of a majority and keeps their disks.
func TestRefuseStartable(t *testing.T) {
	l, _ := start(t, lab.Options{})
	for _, m := range l.Masters() {
		m.KubeletStop()
		m.KillEtcd()
	}
	before := trees(t, l, true)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: surveyBlock(l) + seedBlock(`node = "m1"`) + chain(l),
				ExpectError: regexp.MustCompile(
					`(?s)The Cluster Only Needs to Be Started.*3 of 3 voters.*start etcd on these masters`,
				),
			},
			{
				Config: surveyBlock(l) + memberBlock("m2", "data.etcdrecovery_survey.masters.cluster"),
				ExpectError: regexp.MustCompile(
					`(?s)There Is No Cluster to Join.*no cluster answers with\s+a\s+quorum.*etcdrecovery_seed`,
				),
			},
		},
	})
	wantSame(t, before, trees(t, l, true))
}

// TestRefuseAlive asks for a forced start while a quorum answers.
func TestRefuseAlive(t *testing.T) {
	l, keys := start(t, lab.Options{})
	wipe(t, l.Master("m3"))
	before := trees(t, l, false)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config:      surveyBlock(l) + seedBlock(`node = "m1"`),
			ExpectError: regexp.MustCompile(`(?s)The Cluster Is Alive.*etcdrecovery_member`),
		}},
	})
	wantSame(t, before, trees(t, l, false))
	for _, name := range []string{"m1", "m2"} {
		if got, _, err := l.CountKeys(t.Context(), name); err != nil || got != keys {
			t.Errorf("%s has %d keys (%v), want %d", name, got, err, keys)
		}
	}
}

// TestRejoinLivingCluster replaces one member of a cluster that works, under load.
func TestRejoinLivingCluster(t *testing.T) {
	for _, version := range []string{"3.7", "3.5"} {
		t.Run("etcd "+version, func(t *testing.T) {
			l, _ := start(t, lab.Options{Etcd: version})
			wipe(t, l.Master("m3"))
			w := writer(t, l, "m1", "m2")
			config := surveyBlock(l) + memberBlock("m3", "data.etcdrecovery_survey.masters.cluster")
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: factories,
				Steps: []resource.TestStep{
					{Config: config},
					{Config: config, ConfigPlanChecks: noChanges},
				},
			})
			wantAllWrites(t, l, w.Stop())
		})
	}
}

// writer begins to write once the cluster takes writes: after a member was lost, its other members may first have to
// elect a leader.
func writer(t *testing.T, l *lab.Lab, masters ...string) *lab.Writer {
	t.Helper()
	firstWrite(t, l, masters...).Stop()
	return firstWrite(t, l, masters...)
}

func firstWrite(t *testing.T, l *lab.Lab, masters ...string) *lab.Writer {
	t.Helper()
	w, err := l.StartWriter(t.Context(), masters...)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); w.Acked() == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the writer gets no write through")
		}
	}
	return w
}

// wantAllWrites asks for no failed write, and every acknowledged one on every master.
func wantAllWrites(t *testing.T, l *lab.Lab, r lab.WriterReport) {
	t.Helper()
	t.Logf("%d writes acknowledged, %d failed, longest gap %s", len(r.Acked), r.Failed, r.LongestGap)
	if r.Failed > 0 {
		t.Errorf("%d writes failed: %v", r.Failed, r.LastFailure)
	}
	for _, m := range l.Masters() {
		if missing, err := l.Missing(t.Context(), m.Name(), r.Acked); err != nil || len(missing) > 0 {
			t.Errorf("%s lacks %d acknowledged writes (%v)", m.Name(), len(missing), err)
		}
	}
}

// TestNoOutageAfterTheSeed writes from the moment the seed is up until the last member is in.
func TestNoOutageAfterTheSeed(t *testing.T) {
	l, _ := start(t, lab.Options{})
	loseMajority(t, l)
	begun := make(chan *lab.Writer, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		journal := l.Master("m1").Path("/var/lib/etcdrecovery/seed-test.journal")
		for ctx.Err() == nil {
			if text, err := os.ReadFile(journal); err == nil && strings.Contains(string(text), `"unforced"`) {
				w, err := l.StartWriter(ctx, "m1")
				if err != nil {
					t.Error(err)
				}
				begun <- w
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps:                    []resource.TestStep{{Config: surveyBlock(l) + seedBlock() + chain(l)}},
	})
	select {
	case w := <-begun:
		wantAllWrites(t, l, w.Stop())
	default:
		t.Fatal("the writer never began")
	}
}
