//go:build linux && whole

package executor_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// TestSecondRecovery runs the whole runbook twice. The first time the cluster knows the seed under an address at which
// it is no more. The second one keeps the data of the first, too.
func TestSecondRecovery(t *testing.T) {
	l := start(t, lab.Options{})
	nodes := nodesOf(t, l)
	c := client(t, l, "m1")
	moveSeed(t, l)
	for _, id := range []string{"first", "second"} {
		must(t, l.Fill(t.Context(), 100, 100))
		keys, _, err := l.CountKeys(t.Context(), "m1")
		must(t, err)
		loseMajority(t, l)
		seed, err := planner.DecideSeed(
			survey.Take(t.Context(), nodes, time.Now()),
			planner.SeedRequest{RecoveryID: id},
		)
		must(t, err)
		_, err = executor.Seed(t.Context(), seed, nodes, options(t))
		must(t, err)
		l.LetStart(l.Nodes()[1:]...) // the second time they get the same manifests again
		must(t, joinAll(t.Context(), l, nodes, options(t)))
		for _, m := range memberList(t, c).Members {
			if want := []string{l.Node(m.Name).PeerURL()}; !slices.Equal(m.PeerURLs, want) {
				t.Errorf("%s is at %v, want %v", m.Name, m.PeerURLs, want)
			}
		}
		wantRecovered(t, l, keys)
	}
	kept, err := os.ReadDir(l.Node("m1").Path("/var/lib/etcd.etcdrecovery"))
	must(t, err)
	if len(kept) != 2 {
		t.Errorf("m1 keeps %v, want the data from before both recoveries", kept)
	}
	all := survey.Take(t.Context(), nodes, time.Now())
	_, err = planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "second"})
	wantRefusal(t, err, recovery.CodeRecoveryFinished)
	_, err = planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "third"})
	wantRefusal(t, err, recovery.CodeClusterAlive)
}

// moveSeed lets the cluster know m1 under another address.
func moveSeed(t *testing.T, l *lab.Lab) {
	t.Helper()
	c := client(t, l, "m1")
	for _, m := range memberList(t, c).Members {
		if m.Name == "m1" {
			_, err := c.MemberUpdate(t.Context(), m.ID, []string{"https://" + l.Node("m1").Host() + ":12380"})
			must(t, err)
		}
	}
}

// TestGivenUpButAlive gives up a master that does not answer over SSH, and whose etcd the seed can still reach.
func TestGivenUpButAlive(t *testing.T) {
	l := start(t, lab.Options{Nodes: 5})
	for _, m := range l.Nodes()[1:4] {
		m.PowerOff()
		must(t, m.WipeEtcd())
		must(t, m.PowerOn())
		quiet(m)
	}
	nodes := nodesWith(t, l, func(c map[string]*ssh.Config) { c["m5"].Port = 1 })
	before := trees(t, l)
	all := survey.Take(t.Context(), nodes, time.Now())
	if v := planner.Judge(all, "m1"); v.State != planner.Unreached ||
		!strings.Contains(v.Text, "m1 reaches the etcd of m5 at https://") {
		t.Errorf("verdict %q", v.Text)
	}
	_, err := planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test"})
	wantRefusal(
		t,
		err,
		recovery.CodeReachableFromPeers,
		"m5 does not answer",
		"But m1 reaches the etcd of m5 at https://",
		"the cluster may be alive",
	)
	_, err = planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test", Lost: []string{"m5"}})
	wantRefusal(t, err, recovery.CodeLostNodeServes, "m1 reaches the etcd of m5", "switch that machine off")

	// It may come back between plan and apply as well.
	for i, e := range all {
		e.Peers = nil
		all[i] = e
	}
	p, err := planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test", Lost: []string{"m5"}})
	must(t, err)
	_, err = executor.Seed(t.Context(), p, nodes, options(t))
	wantRefusal(t, err, recovery.CodeLostNodeServes, "m1 reaches the etcd of m5")
	// The lock was there.
	if after := strings.ReplaceAll(trees(t, l), "work folder: true", "work folder: false"); after != before {
		t.Errorf("the masters were touched: %s, before: %s", after, before)
	}

	// Or while the seed's data is copied.
	m1, m5 := l.Node("m1"), l.Node("m5")
	quiet(m5)
	p, err = planner.DecideSeed(
		survey.Take(t.Context(), nodes, time.Now()),
		planner.SeedRequest{RecoveryID: "test", Lost: []string{"m5"}},
	)
	must(t, err)
	_, err = executor.Seed(t.Context(), p, nodes, executor.Options{Acted: func(_, _ int, s recovery.Step) error {
		if s.ID == recovery.StepCopy {
			m5.KubeletStart()
			for !answers(t, m5) && t.Context().Err() == nil {
				time.Sleep(10 * time.Millisecond)
			}
		}
		return nil
	}})
	wantRefusal(
		t,
		err,
		recovery.CodeLostNodeServes,
		"Step 6 of 9 on m1",
		"m1 reaches the etcd of m5",
		"the data of m1 is copied to",
		"the point of no return is not reached",
		"switch that machine off",
	)
	if _, err := os.Stat(m1.Path(manifestFile)); err == nil {
		t.Error("m1 has a manifest in the kubelet's folder")
	}
}
