//go:build linux

package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
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
	Operation recovery.Operation
	Step      recovery.StepID
	Moment    Moment
	Fault     Fault
	Round     int // of two applies at once, which are no injection; from 1
}

func (c Case) String() string {
	switch {
	case c.Round > 0:
		return fmt.Sprintf("two applies, round %d", c.Round)
	case c.Step == "":
		return "no fault"
	}
	return fmt.Sprintf("%s %s, %s, %s", c.Operation, c.Step, c.Moment, c.Fault.Name)
}

// NeedsRoot tells whether a case takes more than any user may do.
func (c Case) NeedsRoot() bool { return c.Fault.Name == diskFull }

// Operations are what is interrupted.
func Operations() []recovery.Operation {
	return []recovery.Operation{recovery.OperationSeed, recovery.OperationMember}
}

// Steps are those of an operation that are walked: all that there can be.
func Steps(operation recovery.Operation) []recovery.StepID {
	list := (&planner.MemberPlan{Node: "m2"}).Steps()
	if operation == recovery.OperationSeed {
		list = (&planner.SeedPlan{
			SeedRequest: planner.SeedRequest{Node: survivor},
			Evidence:    recovery.Survey{{Name: survivor}, {Name: "m2"}},
		}).Steps()
	}
	var ids []recovery.StepID
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids
}

// Cases are all injections: every step, before, during and after it, every fault.
func Cases() []Case {
	var all []Case
	for _, f := range Faults() {
		for _, operation := range Operations() {
			for _, step := range Steps(operation) {
				for _, m := range []Moment{Before, During, After} {
					all = append(all, Case{Operation: operation, Step: step, Moment: m, Fault: f})
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
