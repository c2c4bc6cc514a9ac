package executor

import (
	"context"
	"fmt"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// check compares the masters with the evidence under the lock, and asks once more whether the majority is lost.
func (s *seeding) check(ctx context.Context) error {
	live, err := s.refresh(ctx)
	if err != nil {
		return err
	}
	s.looked, s.flagIn = true, s.seed.ev.ForceFlag != ""
	s.othersAlive = aloneOrLost(live, s.plan.Node)
	id := s.plan.RecoveryID
	s.book = openBook(live.Node(s.plan.Node).SeedJournal(id), recovery.OperationSeed, id, s.seed.Node, s.now)
	now, err := planner.DecideSeed(live, s.plan.SeedRequest)
	if err != nil {
		return err
	}
	if s.othersAlive != nil { // whatever the journal says
		return s.othersAlive
	}
	for _, name := range append(s.plan.Others(), s.plan.Node) {
		if err := unchanged(s.plan.Evidence.Node(name), live.Node(name)); err != nil {
			return err
		}
	}
	if now.Forced != s.plan.Forced || now.Final != s.plan.Final || now.OldData != s.plan.OldData ||
		now.OldWAL != s.plan.OldWAL {
		return &recovery.Refusal{
			Code:  recovery.CodeNodeChanged,
			Title: "A Master Changed Since the Plan",
			Next:  "run terraform plan again and look at what it will do now.",
			Found: fmt.Sprintf(
				"what would be written on %s, or where its data would be kept (%s), is not what the plan shows (%s).",
				s.plan.Node,
				now.OldData,
				s.plan.OldData,
			),
		}
	}
	// From here on there is something to go on from: who the seed is, and where its data goes.
	s.began = true
	s.book.reach(recovery.PhaseBegun)
	if !s.book.Reached(recovery.PhaseForcing) {
		s.book.of(s.seed.ev)
	}
	s.willMove()
	return s.book.keepAt(ctx, s.plan.OldData, s.plan.OldWAL)
}

// closeEarlier closes the recoveries that are given up by name, and those that are void or have forced nothing: as they
// count now, which may be less than what was written, they are behind this one, and what comes next must not make them
// more again. It comes right before the forced start: as long as this recovery can go back, they can go on.
func (s *seeding) closeEarlier(ctx context.Context) error {
	return s.each(ctx, s.plan.Reached(), func(ctx context.Context, m *master) error {
		return s.closeOthers(ctx, m, func(j recovery.Journal) recovery.Phase {
			switch {
			case j.Operation != recovery.OperationSeed, j.ID == s.plan.RecoveryID:
				return ""
			case s.givesUp(j), j.Open() && !j.Reached(recovery.PhaseForcing):
				return recovery.PhaseAbandoned
			case !j.Open():
				return recovery.PhaseVoid
			}
			return ""
		})
	})
}

// givesUp reports whether a journal is of a recovery that is given up by name.
func (s *seeding) givesUp(j recovery.Journal) bool {
	return j.Operation == recovery.OperationSeed && slices.Contains(s.plan.Abandon, j.ID)
}

// willMove writes down whose manifest is about to be moved away, and is in the kubelet's folder until then.
func (s *seeding) willMove() {
	moved := s.book.Moved
	for name, m := range s.masters {
		if m.ev.Manifest != "" && m.ev.Parked == "" && !slices.Contains(moved, name) {
			moved = append(moved, name)
		}
	}
	slices.Sort(moved)
	s.book.Moved = moved
	s.book.Stopped = s.plan.Reached()
	s.willLeave()
	if s.seed.ev.Running {
		s.book.SeedRan = true
	}
}

// willLeave writes down whose data is on the others, as long as none of them can have joined.
func (s *seeding) willLeave() {
	if s.book.Reached(recovery.PhaseForced) {
		return
	}
	s.book.Left = map[string]recovery.Left{}
	for _, name := range s.plan.Others() {
		if e := s.masters[name].ev; !e.Empty {
			p, _ := e.Progress()
			s.book.Left[name] = recovery.Left{Member: p.Member}
		}
	}
}

// settled is true from the moment the new cluster runs without the flag: whoever comes back with old data is sent away
// by it, and who has joined meanwhile must not be stopped.
func (s *seeding) settled(context.Context) (bool, error) {
	return s.book.Reached(recovery.PhaseUnforced), nil
}
