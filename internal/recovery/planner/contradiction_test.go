package planner

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestApart has members of a quorum that answer with different data.
func TestApart(t *testing.T) {
	at := func(revision int64, applied uint64) recovery.Evidence {
		return recovery.Evidence{
			Quorum: true,
			Status: &etcd.Status{ClusterID: 7, Revision: revision, AppliedIndex: applied},
		}
	}
	for _, c := range []struct {
		name string
		m2   recovery.Evidence
		code recovery.Code
	}{
		{"the same", at(130, 90), recovery.CodeClusterAlive},
		{"one that lags", at(120, 80), recovery.CodeClusterAlive},
		{"one that says nothing", recovery.Evidence{}, recovery.CodeClusterAlive},
		{"one with another past", at(127, 90), recovery.CodeMembersDiffer},
	} {
		all := map[string]recovery.Evidence{"m1": at(130, 90), "m2": c.m2}
		err := refuseVerdict(
			Verdict{State: Alive, Answers: []string{"m1", "m2"}, Text: "alive"},
			recovery.SurveyOf(all),
		)
		r, _ := recovery.IsRefusal(err)
		if r == nil || r.Code != c.code ||
			c.code != recovery.CodeClusterAlive &&
				!strings.Contains(r.Found, "m1 is at revision 130 with entry 90, m2 is at revision 127 with entry 90") {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

// TestUnplaced has no data anywhere, as far as is known: where etcd's manifest is missing, nobody knows where to look,
// and a snapshot may be worth less than what is there.
func TestUnplaced(t *testing.T) {
	gone := recovery.Evidence{
		Name:     "m1",
		Reach:    recovery.Reached,
		Problems: []string{"no file in /manifests is an etcd static pod"},
	}
	wiped := recovery.Evidence{Name: "m2", Reach: recovery.Reached, DataDir: "/var/lib/etcd"}
	for _, c := range []struct {
		all  map[string]recovery.Evidence
		code recovery.Code
		next string
	}{
		{
			map[string]recovery.Evidence{"m1": gone, "m2": wiped},
			recovery.CodeDataNotFound,
			"put etcd's manifest back on m1",
		},
		{map[string]recovery.Evidence{"m2": wiped}, recovery.CodeNoData, "restore a snapshot"},
	} {
		v := Judge(recovery.SurveyOf(c.all), "")
		r, _ := recovery.IsRefusal(refuseVerdict(v, recovery.SurveyOf(c.all)))
		if v.State != NoData || r == nil || r.Code != c.code || !strings.Contains(r.Next, c.next) {
			t.Errorf("%s: got %v", v.Text, r)
		}
	}
	v := Judge(recovery.SurveyOf(map[string]recovery.Evidence{"m1": gone, "m2": wiped}), "")
	if !strings.Contains(v.Text, "what m1 has is not known") {
		t.Errorf("got %q", v.Text)
	}
}
