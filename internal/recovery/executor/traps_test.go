//go:build linux

package executor_test

import (
	"context"
	"errors"
	"net"
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
	return joinWith(t, nodes, name, options(t))
}

func joinWith(t *testing.T, nodes map[string]*node.Node, name string, o executor.Options) error {
	t.Helper()
	e := surveyUntil(t.Context(), nodes, joinable(name)).Node(name)
	p, err := planner.DecideMember(e, recovery.Cluster{ID: e.Live.ClusterID.String()}, false)
	if err != nil {
		return err
	}
	_, err = executor.Member(t.Context(), p, nodes, o)
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
	must(t, l.Lose(m3))

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
	if err := joinWith(t, nodes, "m3", stopBefore(recovery.StepPromote)); !errors.Is(err, errCut) {
		t.Fatalf("it was to end before m3 is promoted: %v", err)
	}
	learnerTells(t, l, nodes)
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

// learnerTells has m3 run as a learner while the others are off: it lists no members, and its disk says who they are.
func learnerTells(t *testing.T, l *lab.Lab, nodes map[string]*node.Node) {
	t.Helper()
	others := l.Nodes()[:2]
	for _, m := range others {
		m.KubeletStop()
		m.KillEtcd()
	}
	e := survey.Take(t.Context(), nodes, time.Now()).Node("m3")
	if e.Status == nil || !e.Status.Learner || len(e.Members) != 3 || len(e.Peers) != 2 {
		t.Errorf("m3 is %+v, and knows %+v and asks %+v", e.Status, e.Members, e.Peers)
	}
	for _, m := range others {
		m.KubeletStart()
	}
}

// answers tells whether the etcd of a master answers its peers.
func answers(t *testing.T, m lab.Identity) bool {
	answers, _ := etcd.PeerAnswers(t.Context(), (&net.Dialer{}).DialContext, m.PeerURL())
	return answers
}
