//go:build linux

package executor_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// start makes a lab with some keys in it.
func start(t *testing.T, o lab.Options) *lab.Lab {
	t.Helper()
	t.Parallel() // much of a recovery is waiting
	l, err := lab.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// sshOf is how a master of the lab is reached.
func sshOf(l *lab.Lab, m lab.Identity) *ssh.Config {
	return &ssh.Config{
		Host:           m.Host(),
		Port:           m.Port(),
		User:           l.SSHUser(),
		PrivateKeyFile: l.SSHKeyFile(),
		HostKey:        m.HostKey(),
		Become:         ssh.BecomeNone,
		Timeout:        5 * time.Second,
	}
}

// nodesOf are the lab's masters as the recovery knows them.
func nodesOf(t *testing.T, l *lab.Lab) map[string]*node.Node {
	t.Helper()
	return nodesWith(t, l, nil)
}

func connect(t *testing.T, l *lab.Lab, configs map[string]*ssh.Config) map[string]*node.Node {
	nodes := map[string]*node.Node{}
	for _, m := range l.Nodes() {
		c := ssh.New(*configs[m.Name()], nil)
		t.Cleanup(func() { _ = c.Close() })
		nodes[m.Name()] = node.New(
			node.Settings{
				Name:          m.Name(),
				KubeletConfig: m.Inside(node.DefaultKubeletConfig),
				WorkDir:       m.Inside(node.DefaultWorkDir),
			},
			c,
		)
	}
	return nodes
}

// loseMajority takes all masters but the first their data and brings the machines back, with an etcd that does not
// start.
func loseMajority(t *testing.T, l *lab.Lab) {
	t.Helper()
	must(t, l.Lose(l.Nodes()[1:]...))
}

// wipeMajority does the same, and leaves it to etcd what becomes of the wiped members.
func wipeMajority(t *testing.T, l *lab.Lab) {
	t.Helper()
	for _, m := range l.Nodes()[1:] {
		m.PowerOff()
	}
	for _, m := range l.Nodes()[1:] {
		must(t, m.WipeEtcd())
		must(t, m.PowerOn())
	}
}

// options log the steps of a recovery.
func options(t *testing.T) executor.Options {
	begin := time.Now()
	return executor.Options{Now: time.Now, Observe: func(i, n int, s recovery.Step) error {
		t.Logf("%6.2fs step %d/%d %s: %s", time.Since(begin).Seconds(), i, n, s.Where(), s.Title)
		return nil
	}}
}

// wantRecovered has all keys on every master, and no lock.
func wantRecovered(t *testing.T, l *lab.Lab, keys int64) {
	t.Helper()
	for _, m := range l.Nodes() {
		if got, _, err := l.CountKeys(t.Context(), m.Name()); err != nil || got != keys {
			t.Errorf("%s has %d keys (%v), want %d", m.Name(), got, err, keys)
		}
		if _, err := os.Stat(m.Path(node.DefaultWorkDir + "/lock")); err == nil {
			t.Errorf("%s still has a lock", m.Name())
		}
	}
}

// surveyUntil surveys until the evidence is such. On a slow machine a member may not be heard in time.
func surveyUntil(
	ctx context.Context, nodes map[string]*node.Node, such func(recovery.Survey) bool,
) recovery.Survey {
	for {
		all := survey.Take(ctx, nodes, time.Now())
		for _, e := range all {
			if silent := e.Unsaid(); len(silent) > 0 {
				panic(fmt.Sprintf("the evidence on %s is silent of %v", e.Name, silent))
			}
		}
		if such(all) {
			return all
		}
		if ctx.Err() != nil {
			panic(context.Cause(ctx))
		}
	}
}

// lookAgain is between two looks at a member that cost next to nothing. A survey costs a second.
const lookAgain = 50 * time.Millisecond

// untilServes waits until a member answers a linearizable read.
func untilServes(t *testing.T, l *lab.Lab, name string) {
	t.Helper()
	c := client(t, l, name)
	must(t, wait.Until(t.Context(), lookAgain, func() error {
		try, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := c.Get(try, "anything")
		return err
	}))
}

// joinable has a cluster with a quorum that a master could join.
func joinable(name string) func(recovery.Survey) bool {
	return func(all recovery.Survey) bool { return all.Node(name).Live != nil }
}

// allHeard has every member's status.
func allHeard(all recovery.Survey) bool {
	for _, e := range all {
		if e.Status == nil {
			return false
		}
	}
	return true
}

func joinAll(ctx context.Context, l *lab.Lab, nodes map[string]*node.Node, o executor.Options) error {
	for _, m := range l.Nodes()[1:] {
		e := surveyUntil(ctx, nodes, joinable(m.Name())).Node(m.Name())
		p, err := planner.DecideMember(e, recovery.Cluster{ID: e.Live.ClusterID.String()}, false)
		if err != nil {
			return err
		}
		if _, err := executor.Member(ctx, p, nodes, o); err != nil {
			return err
		}
	}
	return nil
}

// wantFinished has nothing left of a recovery but one finished journal on each master, and on some what it kept.
func wantFinished(t *testing.T, l *lab.Lab, nodes map[string]*node.Node, kept ...string) {
	t.Helper()
	for _, m := range l.Nodes() {
		if locks, _ := filepath.Glob(m.Path("/var/lib/etcdrecovery/lock*")); len(locks) > 0 {
			t.Errorf("%s still has %v", m.Name(), locks)
		}
		if parked, _ := filepath.Glob(m.Path("/var/lib/etcdrecovery/parked/*")); len(parked) > 0 {
			t.Errorf("%s still has %v", m.Name(), parked)
		}
	}
	for _, e := range survey.Take(t.Context(), nodes, time.Now()) {
		name := e.Name
		if len(e.Journals) != 1 {
			t.Errorf("%s has %d journals, want one", name, len(e.Journals))
		}
		for _, j := range e.Journals {
			if !j.Done() {
				t.Errorf("the journal of %s on %s is not finished", j.Operation, name)
			}
			if !slices.Contains(kept, name) {
				continue
			}
			if _, err := os.Stat(filepath.Join(j.Places.Data, "member", "snap", "db")); err != nil {
				t.Errorf("what %s kept on %s: %v", j.Operation, name, err)
			}
		}
	}
}
