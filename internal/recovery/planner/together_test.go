package planner

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestAllAtOnce has a plan refused for several reasons that do not hang together.
func TestAllAtOnce(t *testing.T) {
	silent := silentAt("m2", "10.0.0.12")
	s := recovery.Survey{
		at(disk(7, 20, append(three(), peer(4, "m4", "10.0.0.14"), peer(5, "m5", "10.0.0.15"))...), three()[0]),
		silent,
		at(with(empty(), func(e *recovery.Evidence) { e.NoLog = true }), three()[2]),
	}
	codes := func(s recovery.Survey, req SeedRequest) []recovery.Code {
		req.RecoveryID = "test"
		_, err := DecideSeed(s, req)
		var all []recovery.Code
		for _, r := range recovery.Refusals(err) {
			if r.Untouched != recovery.NothingTouched {
				t.Errorf("%s: changed: %s", r.Code, r.Untouched)
			}
			all = append(all, r.Code)
		}
		return all
	}
	for _, c := range []struct {
		req  SeedRequest
		want []recovery.Code
	}{
		{
			SeedRequest{Node: "m3", Lost: []string{"m1", "m9"}},
			[]recovery.Code{
				recovery.CodeLostNodeAnswers, recovery.CodeUnknownNode, recovery.CodeUnreachable,
				recovery.CodeMemberNotSurveyed, recovery.CodeSeedEmpty,
			},
		},
		{
			SeedRequest{Lost: []string{"m2"}},
			[]recovery.Code{recovery.CodeMemberNotSurveyed},
		},
	} {
		if got := codes(s, c.req); !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %v, want %v", c.req, got, c.want)
		}
	}

	// Then all that is wrong with the seed.
	seed := at(disk(7, 20, three()...), three()[0])
	seed.FreeBytes, seed.DataBytes, seed.Kubelet.Running = 0, 1<<30, false
	s = recovery.Survey{seed, silent, at(empty(), three()[2])}
	want := []recovery.Code{recovery.CodeNoSpace, recovery.CodeKubeletDown}
	if got := codes(s, SeedRequest{Lost: []string{"m2"}}); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestSaidOnce has nodes that cannot be examined for one reason, and names in lost_nodes with which something is wrong.
func TestSaidOnce(t *testing.T) {
	var s recovery.Survey
	for i, reach := range []recovery.Reach{recovery.Refused, recovery.Refused, recovery.Silent, recovery.Refused} {
		host := fmt.Sprintf("10.0.0.1%d", i+1)
		e := recovery.Evidence{Name: fmt.Sprintf("m%d", i+1), Host: host, Reach: reach}
		e.ReachError = fmt.Sprintf(
			"looking at %s: refused at %s:22: user \"ops\". Check it: ssh ops@%[2]s true", e.Name, host,
		)
		if i == 3 {
			e.ReachError = "sudo asks for a password"
		}
		s = append(s, e)
	}
	_, err := DecideSeed(s, SeedRequest{RecoveryID: "test", Lost: []string{"m1", "m9", "0123456789abcdef"}})
	said := map[recovery.Code]*recovery.Refusal{}
	for _, r := range recovery.Refusals(err) {
		if said[r.Code] != nil {
			t.Errorf("%s is said twice", r.Code)
		}
		said[r.Code] = r
	}
	const want = `
m1 cannot be examined: looking at m1: refused at 10.0.0.11:22: user "ops". Check it: ssh ops@10.0.0.11 true.
The same of m2.
m4 cannot be examined: sudo asks for a password.`
	if r := said[recovery.CodeAccessRefused]; r == nil || "\n"+r.Found != want {
		t.Errorf("got %+v", r)
	}
	if r := said[recovery.CodeUnreachable]; r == nil || !strings.Contains(r.Next, `["0123456789abcdef", "m3"]`) {
		t.Errorf("lost_nodes as advised: %+v", r)
	}
}

// entries are those of a log, each with a term and a sum.
func entries(of ...recovery.LogEntry) func(*recovery.Evidence) {
	return func(e *recovery.Evidence) { e.Entries = of }
}

// TestEntriesTell has two logs under one cluster ID, with the same IDs and revisions.
func TestEntriesTell(t *testing.T) {
	type log = []recovery.LogEntry
	entry := func(index, term, sum uint64) recovery.LogEntry {
		return recovery.LogEntry{Index: index, Term: term, Sum: sum}
	}
	for _, c := range []struct {
		name        string
		a, b        log
		other, same bool
	}{
		{"nothing known", nil, nil, false, false},
		{"one entry in common", log{entry(9, 2, 5)}, log{entry(9, 2, 5)}, false, true},
		{"nothing in it", log{entry(9, 2, 0)}, log{entry(9, 2, 0)}, false, false},
		{"other bytes", log{entry(9, 2, 5)}, log{entry(9, 2, 6)}, true, false},
		{"bytes and none", log{entry(9, 2, 5)}, log{entry(9, 2, 0)}, true, false},
		{"another term, committed", log{entry(9, 2, 5)}, log{entry(9, 3, 5)}, true, false},
		{"another term, not committed", log{entry(30, 2, 5)}, log{entry(30, 3, 5)}, false, false},
		{
			"in common, and apart later",
			log{entry(9, 2, 5), entry(30, 2, 6)},
			log{entry(9, 2, 5), entry(30, 3, 7)},
			false, false,
		},
		{
			"in common, and nothing in the last",
			log{entry(9, 2, 5), entry(10, 3, 0)},
			log{entry(9, 2, 5), entry(10, 3, 0)},
			false, true,
		},
	} {
		s := takeCensus(recovery.Survey{
			with(at(disk(7, 20, three()...), three()[0]), entries(c.a...)),
			with(at(disk(7, 20, three()...), three()[1]), entries(c.b...)),
		})
		a, b := s.Nodes[0], s.Nodes[1]
		if got := otherEntry(a, b, 20) != nil; got != c.other {
			t.Errorf("%s: told apart: %v", c.name, got)
		}
		if got := sameLog(a, b); got != c.same {
			t.Errorf("%s: proved the same: %v", c.name, got)
		}
		if lineages := len(s.Lineages); lineages != 1 && !c.other || lineages != 2 && c.other {
			t.Errorf("%s: %d histories", c.name, lineages)
		}
	}
}

// TestStuck has two of three voters that run and can elect nobody: the one with the longer log goes by a membership of
// which it hears too few.
func TestStuck(t *testing.T) {
	run := func(index uint64, self int, members ...etcd.Member) recovery.Evidence {
		e := alone(index-1, &recovery.Tail{Index: index, Term: 3})
		e.Members = members
		return at(e, three()[self])
	}
	four := append(three(), peer(4, "m4", "10.0.0.14"))
	for _, c := range []struct {
		name string
		m1   recovery.Evidence
		want State
	}{
		{"the longer log goes by four voters", run(12, 0, four...), Lost},
		{"it goes by three", run(12, 0, three()...), Startable},
		{"it is the shorter one", run(10, 0, four...), Startable},
	} {
		s := recovery.Survey{c.m1, run(11, 1, three()...), at(empty(), three()[2])}
		if v := Judge(s, "m2"); v.State != c.want {
			t.Errorf("%s: got %s", c.name, v.Text)
		}
	}
}
