package executor

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// kebab is the form of an ID.
var kebab = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// planned are the lists of steps that there can be, by what is special about them.
func planned() map[string][]recovery.Step {
	seed := func(names ...string) []recovery.Step {
		p := &planner.SeedPlan{
			SeedRequest: planner.SeedRequest{Node: names[0]},
		}
		all := map[string]recovery.Evidence{}
		for _, name := range names {
			all[name] = recovery.Evidence{}
		}
		p.Evidence = recovery.SurveyOf(all)
		return p.Steps()
	}
	return map[string][]recovery.Step{
		"seed":                    seed("m1", "m2", "m 3"),
		"seed alone":              seed("m1"),
		"member":                  (&planner.MemberPlan{Node: "m2", OldData: "/old"}).Steps(),
		"member without data":     (&planner.MemberPlan{Node: "m2"}).Steps(),
		"healthy member":          (&planner.MemberPlan{Node: "m2", Healthy: true}).Steps(),
		"member that is finished": (&planner.MemberPlan{Node: "m2", Healthy: true, Resumes: "it was begun"}).Steps(),
	}
}

// TestEveryStepHasAnAction holds what is shown against what is done.
func TestEveryStepHasAnAction(t *testing.T) {
	actions := map[recovery.Operation]map[recovery.StepID]action{
		recovery.OperationSeed:   (&seeding{}).actions(),
		recovery.OperationMember: (&joining{}).actions(),
	}
	shown := map[recovery.Operation][]recovery.StepID{}
	for name, steps := range planned() {
		var seen []recovery.StepID
		for _, s := range steps {
			if !kebab.MatchString(string(s.ID)) || slices.Contains(seen, s.ID) || s.Title == "" {
				t.Errorf("%s: step %q is there twice, has no title, or its ID is not made of words: %+v", name, s.ID, s)
			}
			if actions[s.Operation][s.ID].act == nil {
				t.Errorf("%s: nothing is done in step %s", name, s.ID)
			}
			seen = append(seen, s.ID)
		}
		operation := steps[0].Operation
		shown[operation] = append(shown[operation], seen...)
	}
	for operation, all := range actions {
		for id := range maps.Keys(all) {
			if !slices.Contains(shown[operation], id) {
				t.Errorf("%s: step %s is in no list", operation, id)
			}
		}
	}
}

// TestStepsByID lists what each operation does, and on which nodes.
func TestStepsByID(t *testing.T) {
	all := planned()
	for name, want := range map[string][]recovery.StepID{
		"seed": {
			recovery.StepLock, recovery.StepCheck, recovery.StepStopOthers, recovery.StepStopSeed, recovery.StepCopy,
			recovery.StepForce, recovery.StepUnforce, recovery.StepPeerURL,
			recovery.StepConfirm,
		},
		"seed alone": {
			recovery.StepLock, recovery.StepCheck, recovery.StepStopSeed, recovery.StepCopy, recovery.StepForce,
			recovery.StepUnforce, recovery.StepPeerURL, recovery.StepConfirm,
		},
		"member": {
			recovery.StepLock, recovery.StepCheck, recovery.StepStop, recovery.StepRemoveStale,
			recovery.StepMoveAside, recovery.StepAddLearner, recovery.StepStart, recovery.StepCatchUp,
			recovery.StepPromote, recovery.StepConfirm,
		},
		"healthy member":          {recovery.StepCheck, recovery.StepConfirm},
		"member that is finished": {recovery.StepLock, recovery.StepCheck, recovery.StepConfirm},
	} {
		var got []recovery.StepID
		for _, s := range all[name] {
			got = append(got, s.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if s := all["seed"][2]; !slices.Equal(s.Nodes, []string{"m 3", "m2"}) || s.Where() != "m 3, m2" {
		t.Errorf("the others are %q, shown as %q", s.Nodes, s.Where())
	}
	if s := all["member"][1]; len(s.Nodes) > 0 || s.Where() != "cluster" {
		t.Errorf("the cluster is %q, shown as %q", s.Nodes, s.Where())
	}
}

// TestStepWithoutAction fails at a step that nobody knows how to carry out, instead of leaving it out.
func TestStepWithoutAction(t *testing.T) {
	errRecorded := errors.New("kept in the journal")
	w := walk{
		actions: map[recovery.StepID]action{recovery.StepCheck: {act: func(context.Context) error { return nil }}},
		record:  func(context.Context, int, int, recovery.Step) error { return errRecorded },
		leave:   func(context.Context, error) string { return "" },
	}
	ctx := t.Context()
	if err := w.carryOut(
		ctx,
		ctx,
		[]recovery.Step{{ID: recovery.StepCheck, Title: "check"}},
	); !errors.Is(
		err,
		errRecorded,
	) {
		t.Errorf("a step with an action: %v", err)
	}
	err := w.carryOut(ctx, ctx, []recovery.Step{{ID: recovery.StepForce, Title: "force"}})
	if err == nil || errors.Is(err, errRecorded) || recovery.CodeOf(err) != recovery.CodeStepFailed {
		t.Errorf("a step without one: %v", err)
	}
}
