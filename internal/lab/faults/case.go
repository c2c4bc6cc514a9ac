//go:build linux

package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/steps"
)

// Moment is when a fault strikes, as seen from a step's action.
type Moment string

// The moments.
const (
	Before Moment = "before"
	During Moment = "during"
	After  Moment = "after" // done, and not in the journal yet
)

// Case is one injection.
type Case struct {
	Operation string // "seed" or "member"
	Step      int    // from 1
	Name      string // of the step
	Moment    Moment
	Fault     Fault
}

func (c Case) String() string {
	return fmt.Sprintf("%s %d (%s), %s, %s", c.Operation, c.Step, c.Name, c.Moment, c.Fault.Name)
}

// NeedsRoot tells whether a case takes more than any user may do.
func (c Case) NeedsRoot() bool { return c.Fault.Name == diskFull }

// Steps are the names of an operation's steps.
func Steps(operation string) []string {
	if operation == "seed" {
		return seedSteps()
	}
	return memberSteps()
}

// seedSteps and memberSteps are the lists that are walked, by the names of tables. TestCases holds them against the
// real ones.
func seedSteps() []string {
	return []string{
		steps.Lock,
		steps.Check,
		steps.Stop + " on the others",
		steps.Stop + " on the seed",
		steps.Copy,
		steps.Force,
		steps.Unforce,
		steps.Address,
		steps.Confirm,
	}
}

func memberSteps() []string {
	return []string{
		steps.Lock,
		steps.Check,
		steps.Stop,
		steps.RemoveStale,
		steps.MoveAside,
		steps.Add,
		steps.Start,
		steps.CatchUp,
		steps.Promote,
		steps.Confirm,
	}
}

// Cases are all injections: every step, before, during and after it, every fault.
func Cases() []Case {
	var all []Case
	for _, f := range Faults() {
		for _, operation := range []string{"seed", "member"} {
			for i, name := range Steps(operation) {
				for _, m := range []Moment{Before, During, After} {
					all = append(all, Case{operation, i + 1, name, m, f})
				}
			}
		}
	}
	return all
}

// Sample draws n cases, as many of each fault as of the others.
func Sample(all []Case, n int, seed uint64) []Case {
	byFault := map[string][]Case{}
	var names []string
	for _, c := range all {
		if byFault[c.Fault.Name] == nil {
			names = append(names, c.Fault.Name)
		}
		byFault[c.Fault.Name] = append(byFault[c.Fault.Name], c)
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, name := range names {
		rng.Shuffle(
			len(byFault[name]),
			func(i, j int) { byFault[name][i], byFault[name][j] = byFault[name][j], byFault[name][i] },
		)
	}
	var drawn []Case
	for len(drawn) < min(n, len(all)) {
		name := names[0]
		names = append(names[1:], name)
		if len(byFault[name]) > 0 {
			drawn = append(drawn, byFault[name][0])
			byFault[name] = byFault[name][1:]
		}
	}
	return slices.Clip(drawn)
}
