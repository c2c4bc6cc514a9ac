//go:build linux

package steps

import (
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// The tables of demo and bench must not lose a step because its title was reworded.
func TestEveryStepHasAName(t *testing.T) {
	seed := &recovery.SeedPlan{
		SeedRequest: recovery.SeedRequest{Node: "m1"},
		Evidence:    map[string]recovery.Evidence{"m1": {Name: "m1"}, "m2": {Name: "m2"}},
	}
	member := &recovery.MemberPlan{Node: "m2", OldData: "/old"}
	empty := &recovery.MemberPlan{Node: "m2"}
	joining := []string{Lock, Check, Stop, RemoveStale, MoveAside, Add, Start, CatchUp, Promote, Confirm}
	for _, c := range []struct {
		operation string
		steps     []recovery.Step
		want      []string
	}{
		{"seed", seed.Steps(), []string{Lock, Check, Stop, Stop, Copy, Force, Unforce, Address, Confirm}},
		{"member", member.Steps(), joining},
		{"member", empty.Steps(), joining},
	} {
		var got []string
		for _, s := range c.steps {
			got = append(got, Short(s.Title))
		}
		if strings.Join(got, "; ") != strings.Join(c.want, "; ") {
			t.Errorf("%s: the steps are called\n%q, want\n%q", c.operation, got, c.want)
		}
	}
}
