//go:build linux

package faults_test

import (
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults"
)

// TestCases holds a sample against what it is drawn from.
func TestCases(t *testing.T) {
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
