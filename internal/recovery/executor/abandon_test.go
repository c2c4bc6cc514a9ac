package executor

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// wrote returns the journals that were written on a node, by file name.
func (s *scripted) wrote() map[string]recovery.Journal {
	all := map[string]recovery.Journal{}
	for _, script := range s.ran {
		args := written.FindStringSubmatch(script)
		if args == nil || !strings.Contains(script, ".journal") {
			continue
		}
		text, _ := base64.StdEncoding.DecodeString(args[1])
		journals, _ := survey.ReadJournals([]node.File{{Text: text}})
		for _, j := range journals {
			all[j.FileName()] = j
		}
	}
	return all
}

// ended are the names of those that have ended so.
func ended(as recovery.Phase, all map[string]recovery.Journal) []string {
	var names []string
	for name, j := range all {
		if j.Phase == as && !j.Ended.IsZero() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func journal(o recovery.Operation, id string, p recovery.Phase, started int) recovery.Journal {
	at := time.Date(2026, 11, 22, started, 0, 0, 0, time.UTC)
	j := recovery.Journal{Operation: o, ID: id, Master: "m", Phase: p, Started: at}
	if p == recovery.PhaseFinished {
		j.Ended = at.Add(time.Minute)
	}
	return j
}

// last is the last step of an operation.
func last(o recovery.Operation) recovery.Step {
	return recovery.Step{ID: recovery.StepConfirm, Operation: o, Title: "check the end state"}
}

// TestJoinClosesOlderJournals ends a join on a node on which recoveries were begun before.
func TestJoinClosesOlderJournals(t *testing.T) {
	nodes, runners := scriptedNodes("m1")
	e := recovery.Evidence{Name: "m1", Journals: []recovery.Journal{
		journal(recovery.OperationSeed, "2025", recovery.PhaseForcing, 1),
		journal(recovery.OperationSeed, "done", recovery.PhaseFinished, 1),
		journal(recovery.OperationMember, "old", recovery.PhaseMoved, 2),
		journal(recovery.OperationMember, "this", recovery.PhaseVoter, 3),
		journal(recovery.OperationSeed, "newer", recovery.PhaseForcing, 4),
	}}
	j := &joining{
		crew:  newCrew(Options{}, "test", nodes, recovery.Survey{e}, nil),
		plan:  &planner.MemberPlan{Node: "m1", Evidence: e},
		began: true,
	}
	j.self = j.masters["m1"]
	j.book = openBook(&e.Journals[3], recovery.OperationMember, "this", j.self.Node, j.now)
	if err := j.record(t.Context(), 10, 10, last(recovery.OperationMember)); err != nil {
		t.Fatal(err)
	}
	all := runners["m1"].wrote()
	if got := ended(recovery.PhaseVoid, all); !slices.Equal(got, []string{"member-old", "seed-2025"}) {
		t.Errorf("closed are %q", got)
	}
	if own := all["member-this"]; !own.Done() || own.Phase != recovery.PhaseFinished {
		t.Errorf("its own is %+v", own)
	}
	if !e.Journals[0].Open() || len(e.Journals[3].Steps) > 0 {
		t.Errorf("the evidence was changed: %+v", e.Journals)
	}
}

// TestSeedClosesOtherJournals ends a recovery, of whose nodes each had another operation that was broken off.
func TestSeedClosesOtherJournals(t *testing.T) {
	s, runners := oddSeed()
	s.began = true
	s.masters["m 1"].ev.Journals = []recovery.Journal{
		journal(recovery.OperationSeed, "test", recovery.PhaseUnforced, 3),
		journal(recovery.OperationMember, "old", recovery.PhaseAdded, 1),
	}
	s.masters["m,2"].ev.Journals = []recovery.Journal{journal(recovery.OperationSeed, "x", recovery.PhaseForcing, 1)}
	s.plan.Abandon = []string{"given up"} // which was written down before the forced start
	s.masters[`m"3`].ev.Journals = []recovery.Journal{
		journal(recovery.OperationSeed, "given up", recovery.PhaseForcing, 1),
	}
	if err := s.record(t.Context(), 9, 9, last(recovery.OperationSeed)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{"m 1": {"member-old"}, "m,2": {"seed-x"}, `m"3`: nil} {
		if got := ended(recovery.PhaseVoid, runners[name].wrote()); !slices.Equal(got, want) {
			t.Errorf("closed on %s are %q, want %q", name, got, want)
		}
	}
	if own := runners["m 1"].wrote()["seed-test"]; !own.Done() {
		t.Errorf("its own is %+v", own)
	}
}

// TestAbandonByName closes those recoveries that are given up by name, on the nodes that have them, and such as have
// forced nothing.
func TestAbandonByName(t *testing.T) {
	s, runners := oddSeed()
	s.plan.Abandon = []string{"2025", "none", "done", "test"}
	s.masters["m,2"].ev.Journals = []recovery.Journal{
		journal(recovery.OperationSeed, "2025", recovery.PhaseForcing, 1),
		journal(recovery.OperationSeed, "2024", recovery.PhaseForcing, 1),
		journal(recovery.OperationSeed, "done", recovery.PhaseFinished, 1),
		journal(recovery.OperationMember, "2025", recovery.PhaseAdded, 1),
		journal(recovery.OperationSeed, "begun", recovery.PhaseCopied, 1), // which has forced nothing
	}
	if err := s.closeEarlier(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{"m 1": nil, "m,2": {"seed-2025", "seed-begun"}, `m"3`: nil} {
		all := runners[name].wrote()
		if got := ended(recovery.PhaseAbandoned, all); !slices.Equal(got, want) || len(all) != len(want) {
			t.Errorf("closed on %s are %q, want %q", name, got, want)
		}
	}
	if j := runners["m,2"].wrote()["seed-2025"]; j.Came != recovery.PhaseForcing {
		t.Errorf("how far it came is lost: %+v", j)
	}
}

// TestJoinKeepsDataWhereThePlanSays has a node whose data would go elsewhere than the plan shows.
func TestJoinKeepsDataWhereThePlanSays(t *testing.T) {
	for _, c := range []struct {
		plan, now string
		code      recovery.Code
	}{
		{plan: "/old/1", now: "/old/1"},
		{plan: "/old/1", now: "/old/2", code: recovery.CodeNodeChanged},
		{plan: "", now: "/old/1", code: recovery.CodeNodeChanged},
		{plan: "/old/1", now: ""}, // there is nothing any more
	} {
		j := &joining{plan: &planner.MemberPlan{OldData: c.plan, Manifest: "x"}}
		live := recovery.Evidence{Name: "m1", Live: &recovery.Live{Members: []etcd.Member{}}}
		err := j.compare(live, &planner.MemberPlan{OldData: c.now, Manifest: "x"})
		if recovery.CodeOf(err) != c.code {
			t.Errorf("planned %q, now %q: %v", c.plan, c.now, err)
		}
	}
}
