//go:build linux

package survey_test

import (
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestLookingLeavesNoTrace surveys a living cluster, which stays as it is to the last entry of its log; then one that
// asks for a user, with a quorum and without.
func TestLookingLeavesNoTrace(t *testing.T) {
	ctx := t.Context()
	l, err := lab.Start(ctx, lab.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	nodes := map[string]*node.Node{}
	for _, m := range l.Nodes() {
		c := ssh.New(ssh.Config{
			Host: m.Host(), Port: m.Port(), User: l.SSHUser(), PrivateKeyFile: l.SSHKeyFile(), HostKey: m.HostKey(),
			Become: ssh.BecomeNone,
		}, nil)
		t.Cleanup(func() { _ = c.Close() })
		nodes[m.Name()] = node.New(node.Settings{
			Name:          m.Name(),
			Host:          m.Host(),
			KubeletConfig: m.Inside(node.DefaultKubeletConfig),
			WorkDir:       m.Inside(node.DefaultWorkDir),
		}, c)
	}
	take := func(such func(recovery.Evidence) bool) recovery.Survey {
		t.Helper()
		for { // on a slow machine a member may not be heard in time
			s, all := survey.Take(ctx, nodes, time.Now()), true
			for _, e := range s {
				all = all && such(e)
				if silent := e.Unsaid(); len(silent) > 0 {
					t.Errorf("the evidence on %s is silent of %v", e.Name, silent)
				}
			}
			if all {
				return s
			}
			if ctx.Err() != nil {
				t.Fatalf("%+v", s)
			}
		}
	}
	answers := func(e recovery.Evidence) bool { return e.Quorum && e.Status != nil }

	// Etcd writes its own version once after a start, so the first rounds may see one more.
	seen := take(answers)
	for round := 1; ; round++ {
		again := take(answers)
		grown := false
		for i := range again {
			grown = grown || again[i].Status.RaftIndex != seen[i].Status.RaftIndex ||
				again[i].Status.Revision != seen[i].Status.Revision
		}
		if seen = again; !grown {
			break
		}
		if round == 6 {
			t.Fatal("each survey adds to the log")
		}
		time.Sleep(time.Second)
	}
	for _, e := range seen {
		if len(e.Alarms)+len(e.Problems) > 0 || e.Auth || e.Unknown.Quorum+e.Unknown.Data+e.ReachKind != "" ||
			e.Host == "" || e.Live == nil {
			t.Errorf("%s: %+v", e.Name, e)
		}
	}

	client, err := l.Client(ctx)
	must(t, err)
	defer func() { _ = client.Close() }()
	_, err = client.UserAdd(ctx, "root", "root")
	must(t, err)
	_, err = client.RoleAdd(ctx, "root")
	must(t, err)
	_, err = client.UserGrantRole(ctx, "root", "root")
	must(t, err)
	_, err = client.AuthEnable(ctx)
	must(t, err)
	for _, e := range take(func(e recovery.Evidence) bool { return e.Auth && e.Quorum }) {
		if e.Live == nil || len(e.Members) != 3 {
			t.Errorf("%s: live %v, members %v", e.Name, e.Live, e.Members)
		}
	}

	for _, m := range l.Nodes()[1:] {
		m.PowerOff()
		delete(nodes, m.Name())
	}
	for _, e := range take(func(e recovery.Evidence) bool { return e.Status != nil }) {
		if e.Quorum || e.Live != nil || !e.Auth {
			t.Errorf("%s alone: %+v", e.Name, e)
		}
	}
	m1 := l.Nodes()[0]
	m1.KubeletStop()
	m1.KillEtcd()
	for _, e := range take(func(e recovery.Evidence) bool { return !e.Running }) {
		if e.Disk == nil || !e.Auth {
			t.Errorf("%s stopped: %+v", e.Name, e)
		}
	}
}
