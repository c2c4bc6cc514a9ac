//go:build linux

package executor_test

import (
	"context"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

func client(t *testing.T, l *lab.Lab, masters ...string) *clientv3.Client {
	t.Helper()
	c, err := l.Client(t.Context(), masters...)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func memberList(t *testing.T, c *clientv3.Client) *clientv3.MemberListResponse {
	t.Helper()
	r, err := c.MemberList(t.Context())
	must(t, err)
	return r
}

// patiently repeats a change that etcd's strict reconfiguration check refuses for a few seconds.
func patiently(t *testing.T, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	must(t, etcd.Retry(ctx, etcd.Transient, f))
}

func addLearner(t *testing.T, c *clientv3.Client, url string) (id uint64) {
	t.Helper()
	patiently(t, func(ctx context.Context) error {
		r, err := c.MemberAddAsLearner(ctx, []string{url})
		if err == nil {
			id = r.Member.ID
		}
		return err
	})
	return id
}

func removeMember(t *testing.T, c *clientv3.Client, id uint64) {
	t.Helper()
	patiently(t, func(ctx context.Context) error { _, err := c.MemberRemove(ctx, id); return err })
}

// joinOne lets one master into the cluster that lives.
func joinOne(t *testing.T, nodes map[string]*node.Node, name string) error {
	t.Helper()
	e := surveyUntil(t.Context(), nodes, joinable(name)).Node(name)
	p, err := planner.DecideMember(e, recovery.Cluster{ID: e.Live.ClusterID.String()}, false)
	if err != nil {
		return err
	}
	_, err = executor.Member(t.Context(), p, nodes, options(t))
	return err
}

func wantRefusal(t *testing.T, err error, code recovery.Code, words ...string) {
	t.Helper()
	r, ok := recovery.IsRefusal(err)
	if !ok || r.Code != code {
		t.Fatalf("got %v, want a refusal with code %s", err, code)
	}
	t.Logf("%s\n\n%s", r.Title, r.Detail())
	for _, w := range words {
		if !strings.Contains(r.Detail(), w) {
			t.Errorf("the text does not say %q", w)
		}
	}
}

// TestJoinTraps are the ways in which a hand-made join goes wrong, on a cluster of three that has lost one.
func TestJoinTraps(t *testing.T) {
	l := start(t, lab.Options{})
	m1, m3 := l.Node("m1"), l.Node("m3")
	must(t, l.Fill(t.Context(), 50, 100))
	nodes := nodesOf(t, l)
	c := client(t, l, "m1", "m2")
	stray := addLearner(t, c, "https://127.0.0.1:1") // by somebody who never started it
	m3.PowerOff()
	must(t, m3.WipeEtcd())
	must(t, m3.PowerOn())

	wantRefusal(
		t,
		joinOne(t, nodes, "m3"),
		recovery.CodeBehindAnotherJoin,
		"https://127.0.0.1:1",
		"etcdctl member remove",
	)
	removeMember(t, c, stray)

	// The manifest was copied from another master and still has that one's peer URL.
	undo := tamper(t, m3, manifestFile, func(text []byte) []byte {
		return []byte(
			strings.ReplaceAll(
				string(text),
				"--initial-advertise-peer-urls="+m3.PeerURL(),
				"--initial-advertise-peer-urls="+m1.PeerURL(),
			),
		)
	})
	wantRefusal(t, joinOne(t, nodes, "m3"), recovery.CodePlaceTaken, "--name=m3", m1.PeerURL())
	undo()

	// Somebody removed and added m3 by hand, and its etcd never started: the add is not made twice.
	for _, m := range memberList(t, c).Members {
		if m.Name == "m3" {
			removeMember(t, c, m.ID)
		}
	}
	addLearner(t, c, m3.PeerURL())
	must(t, joinOne(t, nodes, "m3"))
	var found []string
	for _, m := range memberList(t, c).Members {
		found = append(found, m.Name)
		if m.IsLearner {
			t.Errorf("%s is a learner", m.Name)
		}
	}
	slices.Sort(found)
	if !slices.Equal(found, []string{"m1", "m2", "m3"}) {
		t.Errorf("the members are %v", found)
	}
}

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

// answers tells whether the etcd of a master answers its peers.
func answers(t *testing.T, m lab.Node) bool {
	return etcd.PeerAnswers(t.Context(), (&net.Dialer{}).DialContext, m.PeerURL())
}
