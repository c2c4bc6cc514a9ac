package planner

import (
	"slices"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestAlarmIsForetold names the alarm of a seed that is stopped in the plan, as that of one that runs.
func TestAlarmIsForetold(t *testing.T) {
	m := three()
	seed := with(disk(7, 30, m...), func(e *recovery.Evidence) { e.Alarms = []string{"NOSPACE (member 1)"} })
	p, err := DecideSeed(
		surveyed(at(seed, m[0]), at(empty(), m[1]), at(empty(), m[2])),
		SeedRequest{RecoveryID: "X"},
	)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(p.Hazards, func(h string) bool {
		return strings.HasPrefix(h, "m1 has the alarm NOSPACE (member 1), which outlives a forced start")
	}) {
		t.Errorf("hazards %q", p.Hazards)
	}
}
