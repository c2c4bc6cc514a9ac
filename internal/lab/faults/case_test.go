//go:build linux

package faults_test

import (
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/steps"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestCases holds the walk against the real lists of steps, and a sample against what it is drawn from.
func TestCases(t *testing.T) {
	seed := &recovery.SeedPlan{
		SeedRequest: recovery.SeedRequest{Node: "m1"},
		Evidence:    map[string]recovery.Evidence{"m1": {Name: "m1"}, "m2": {Name: "m2"}},
	}
	member := &recovery.MemberPlan{Node: "m2", OldData: "/old"}
	for operation, list := range map[string][]recovery.Step{"seed": seed.Steps(), "member": member.Steps()} {
		names := faults.Steps(operation)
		if len(names) != len(list) {
			t.Fatalf("the %s has %d steps, and %d are walked", operation, len(list), len(names))
		}
		for i, s := range list {
			if short := steps.Short(s.Title); len(names[i]) < len(short) || names[i][:len(short)] != short {
				t.Errorf("step %d of the %s is %q, and is called %q", i+1, operation, short, names[i])
			}
		}
	}
	all := faults.Cases()
	if want := 19 * 3 * len(faults.Faults()); len(all) != want {
		t.Errorf("%d cases, want %d", len(all), want)
	}
	drawn, seen, each := faults.Sample(all, 40, 7), map[string]bool{}, map[string]int{}
	for _, c := range drawn {
		if seen[c.String()] {
			t.Errorf("drawn twice: %s", c)
		}
		seen[c.String()] = true
		each[c.Fault.Name]++
	}
	if len(drawn) != 40 || len(each) != len(faults.Faults()) {
		t.Errorf("%d drawn, of %d faults", len(drawn), len(each))
	}
	if again := faults.Sample(all, 40, 7); again[39].String() != drawn[39].String() {
		t.Error("the same seed draws another sample")
	}
	if len(faults.Sample(all, 10_000, 7)) != len(all) {
		t.Error("more than all are drawn")
	}
}
