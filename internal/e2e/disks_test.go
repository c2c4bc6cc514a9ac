//go:build linux && e2e

package e2e_test

import (
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// readDisks stops etcd everywhere and reads, as a user with sudo, what the members have. Then it starts etcd again.
func readDisks(t *testing.T, l *lab.Lab) {
	t.Helper()
	nodes := nodesOf(t, l, "ops")
	alive := survey.Take(t.Context(), nodes, time.Now())
	for !allHeard(alive) && t.Context().Err() == nil {
		alive = survey.Take(t.Context(), nodes, time.Now())
	}
	for _, m := range l.Nodes() {
		m.KubeletStop()
		m.KillEtcd()
	}
	all := survey.Take(t.Context(), nodes, time.Now())
	t.Log("\n" + planner.Report(all, nil))
	for _, e := range all {
		name, was := e.Name, alive.Node(e.Name).Status
		if e.Disk == nil || e.Disk.ClusterID != was.ClusterID || e.Disk.MemberID != was.MemberID ||
			e.Disk.Name != alive.Node(name).MemberName || e.Disk.LastIndex < was.RaftIndex ||
			e.Disk.Revision < was.Revision || len(e.Disk.Members) != 3 {
			t.Errorf("%s was %+v, and its disk says %+v (%v)", name, was, e.Disk, e.Warnings)
		}
		for _, p := range e.Peers {
			if p.Answers {
				t.Errorf("%s reaches %s, which is stopped", name, p.URL)
			}
		}
	}
	if v := planner.Judge(all, ""); v.State != planner.Startable || v.Voters != 3 || len(v.WithData) != 3 {
		t.Errorf("verdict %q", v.Text)
	}
	for _, m := range l.Nodes() {
		m.KubeletStart()
	}
	must(t, l.WaitHealthy(soon(t)))
}

// allHeard reports whether every member has said how it is. On a slow machine one may not be heard in time.
func allHeard(all recovery.Survey) bool {
	for _, e := range all {
		if e.Status == nil {
			return false
		}
	}
	return true
}
