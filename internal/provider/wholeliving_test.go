//go:build linux && whole

package provider_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestLivingCluster has a cluster that works: it is surveyed and reached in many ways, not forced, and broken members
// rejoin it under load. In the end all of its etcd is stopped, with the data in place: it is still not forced.
func TestLivingCluster(t *testing.T) {
	l, _ := start(t, lab.Options{})
	t.Run("survey", func(t *testing.T) { survey(t, l) })
	t.Run("access", func(t *testing.T) { access(t, l) })

	wipe(t, l.Node("m3"))
	t.Run("not forced", func(t *testing.T) {
		before := trees(t, l, false)
		w := workspace(t, l, surveyBlock(l)+seedBlock(`node = "m1"`))
		folded := wantRefused(t, w, recovery.CodeClusterAlive, "plan", "-no-color")
		wantWords(t, folded, "etcdrecovery_member")
		wantSame(t, before, trees(t, l, false))
	})
	t.Run("import", func(t *testing.T) { importMembers(t, l) })
	t.Run("rejoin", func(t *testing.T) {
		wipe(t, l.Node("m2"))
		writes := writer(t, l, "m1", "m3")
		w := workspace(t, l, surveyBlock(l)+memberBlock("m2", "data.etcdrecovery_survey.masters.cluster"))
		run(t, w, 0, "apply", "-no-color", "-auto-approve")
		wantSettled(t, w)
		wantAllWrites(t, l, writes.Stop())
	})
	t.Run("stopped", func(t *testing.T) {
		for _, m := range l.Nodes() {
			m.KubeletStop()
			m.KillEtcd()
		}
		before := trees(t, l, true)
		w := workspace(t, l, surveyBlock(l)+seedBlock(`node = "m1"`)+chain(l))
		folded := wantRefused(t, w, recovery.CodeClusterStartable, "plan", "-no-color")
		wantWords(t, folded, "3 of 3 voters", "start etcd on these masters")
		w = workspace(t, l, surveyBlock(l)+memberBlock("m2", "data.etcdrecovery_survey.masters.cluster"))
		folded = wantRefused(t, w, recovery.CodeNoClusterToJoin, "plan", "-no-color")
		wantWords(t, folded, "no cluster answers with a quorum", "etcdrecovery_seed")
		wantSame(t, before, trees(t, l, true))
	})
}

// survey reads a cluster that is well, and refuses a master that is given under two names.
func survey(t *testing.T, l *lab.Lab) {
	m1 := l.Node("m1")
	again := strings.Replace(nodeBlock(m1), "m1 =", "again =", 1)
	twice := strings.Replace(surveyBlock(l), nodeBlock(m1), nodeBlock(m1)+again, 1)
	name := "data.etcdrecovery_survey.masters"
	alive := regexp.MustCompile(`^alive: a quorum of 3 voters answers \(m1, m2, m3\)$`)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: twice, ExpectError: regexp.MustCompile(`again\s+and\s+m1\s+are\s+both\s+at`)},
			{Config: surveyBlock(l), Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr(name, "nodes.m1.ssh", "reached"),
				resource.TestCheckResourceAttr(name, "nodes.m1.problems.#", "0"),
				resource.TestMatchResourceAttr(name, "verdict", alive),
				resource.TestCheckTypeSetElemNestedAttrs(name, "cluster.members.*", map[string]string{
					"name":        "m1",
					"peer_urls.0": m1.PeerURL(),
				}),
			)},
		},
	})
}

// importMembers takes over masters that are there already: a healthy one learns how the others are reached, a broken
// one gets a line diff of its manifest, and rejoins under load.
func importMembers(t *testing.T, l *lab.Lab) {
	const m2, m3 = "etcdrecovery_member.m2", "etcdrecovery_member.m3"
	const cluster = "data.etcdrecovery_survey.masters.cluster"
	writes := writer(t, l, "m1", "m2")
	text, err := os.ReadFile(l.Node("m3").Path("/etc/kubernetes/manifests/etcd.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w := workspace(t, l, surveyBlock(l)+memberBlock("m2", cluster)+memberBlock("m3", cluster))
	run(t, w, 0, "import", "-no-color", m2, importID(l.Node("m2")))
	run(t, w, 0, "import", "-no-color", m3, importID(l.Node("m3")))
	if got := attributes(t, w)[m3]; got["manifest"] != string(text) || got["status"] != "lost" {
		t.Errorf("the imported status is %q, and the manifest %q", got["status"], got["manifest"])
	}
	folded := wantChanges(t, w)
	wantWords(t, folded, "+ - --initial-cluster-state=existing", "Plan: 0 to add, 2 to change")
	run(t, w, 0, "apply", "-no-color", "-auto-approve", "-target="+m2) // it learns who else there is
	wantUpdate(t, w, m3)
	wantSettled(t, w)
	manifest, _ := attributes(t, w)[m3]["manifest"].(string)
	if !regexp.MustCompile(`(?m)^    - --initial-cluster-state=existing$`).MatchString(manifest) {
		t.Errorf("the manifest in the state is %q", manifest)
	}
	wantAllWrites(t, l, writes.Stop())
}
