package recovery

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// TestApart has members of a quorum that answer with different data.
func TestApart(t *testing.T) {
	at := func(revision int64, applied uint64) Evidence {
		return Evidence{Quorum: true, Status: &etcd.Status{ClusterID: 7, Revision: revision, AppliedIndex: applied}}
	}
	for _, c := range []struct {
		name string
		m2   Evidence
		code Code
	}{
		{"the same", at(130, 90), CodeClusterAlive},
		{"one that lags", at(120, 80), CodeClusterAlive},
		{"one that says nothing", Evidence{}, CodeClusterAlive},
		{"one with another past", at(127, 90), CodeMembersDiffer},
	} {
		all := map[string]Evidence{"m1": at(130, 90), "m2": c.m2}
		err := refuseVerdict(Verdict{State: Alive, Answers: []string{"m1", "m2"}, Text: "alive"}, all)
		r, _ := IsRefusal(err)
		if r == nil || r.Code != c.code ||
			c.code != CodeClusterAlive &&
				!strings.Contains(r.Found, "m1 is at revision 130 with entry 90, m2 is at revision 127 with entry 90") {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

// TestUnplaced has no data anywhere, as far as is known: where etcd's manifest is missing, nobody knows where to look,
// and a snapshot may be worth less than what is there.
func TestUnplaced(t *testing.T) {
	gone := Evidence{Name: "m1", Reach: Reached, Problems: []string{"no file in /manifests is an etcd static pod"}}
	wiped := Evidence{Name: "m2", Reach: Reached, DataDir: "/var/lib/etcd"}
	for _, c := range []struct {
		all  map[string]Evidence
		code Code
		next string
	}{
		{map[string]Evidence{"m1": gone, "m2": wiped}, CodeDataNotFound, "put etcd's manifest back on m1"},
		{map[string]Evidence{"m2": wiped}, CodeNoData, "restore a snapshot"},
	} {
		v := Judge(c.all, "")
		r, _ := IsRefusal(refuseVerdict(v, c.all))
		if v.State != NoData || r == nil || r.Code != c.code || !strings.Contains(r.Next, c.next) {
			t.Errorf("%s: got %v", v.Text, r)
		}
	}
	if v := Judge(map[string]Evidence{"m1": gone, "m2": wiped}, ""); !strings.Contains(
		v.Text,
		"what m1 has is not known",
	) {
		t.Errorf("got %q", v.Text)
	}
}
