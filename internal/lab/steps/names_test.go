//go:build linux

package steps

import (
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// The tables of demo and bench must not lose a step.
func TestEveryStepHasAName(t *testing.T) {
	seed := &planner.SeedPlan{
		SeedRequest: planner.SeedRequest{Node: "m1"},
		Evidence:    recovery.SurveyOf(map[string]recovery.Evidence{"m1": {Name: "m1"}, "m2": {Name: "m2"}}),
	}
	for operation, list := range map[recovery.Operation][]recovery.Step{
		recovery.OperationSeed:   seed.Steps(),
		recovery.OperationMember: (&planner.MemberPlan{Node: "m2"}).Steps(),
	} {
		seen := map[string]recovery.StepID{}
		for _, s := range list {
			name := Name(s.ID)
			if name == string(s.ID) {
				t.Errorf("%s: step %s has no name", operation, s.ID)
			}
			if other, ok := seen[name]; ok {
				t.Errorf("%s: steps %s and %s are both called %q", operation, other, s.ID, name)
			}
			seen[name] = s.ID
		}
		if len(list) != 9 && operation == recovery.OperationSeed ||
			len(list) != 10 && operation == recovery.OperationMember {
			t.Errorf("the %s has %d steps", operation, len(list))
		}
	}
	if got := Name("no-such-step"); got != "no-such-step" {
		t.Errorf("a step that is not known is called %q", got)
	}
}
