package situation

import (
	"errors"
	"fmt"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// midForce is the moment in which the flag is in and nothing is verified yet.
const midForce recovery.StepID = "mid-force"

func seedSteps() []recovery.StepID {
	return []recovery.StepID{
		recovery.StepLock, recovery.StepCheck, recovery.StepStopOthers, recovery.StepStopSeed, recovery.StepCopy,
		recovery.StepForce, recovery.StepUnforce, recovery.StepPeerURL, recovery.StepConfirm,
	}
}

// failed is a step that did not succeed.
type failed struct{ code recovery.Code }

func (f *failed) Error() string { return string(f.code) }

// forcing carries a forced start out as package executor does.
type forcing struct {
	w          *world
	seed       *machine
	others     []*machine
	lost, less []string
	abandoned  []string // recoveries that are given up
	id         string
	oldData    string
	watched    bool // the rules are held to it
	resumed    bool // a journal of it was there before
	fault      *broken
}

func (f *forcing) breaks(r rule, kind, format string, args ...any) {
	if f.resumed {
		kind = "resumed-" + kind
	}
	if f.watched && f.fault == nil {
		f.fault = &broken{r, kind, fmt.Sprintf(format, args...)}
	}
}

// forcing is what a plan asks for.
func (w *world) forcing(p *planner.SeedPlan) *forcing {
	f := &forcing{
		w: w, seed: w.find(p.Node), lost: p.Lost, less: p.Less, id: p.RecoveryID, oldData: p.OldData,
		abandoned: p.Abandon,
	}
	for _, name := range p.Others() {
		f.others = append(f.others, w.find(name))
	}
	return f
}

func stepIDs(p *planner.SeedPlan) []recovery.StepID {
	var steps []recovery.StepID
	for _, step := range p.Steps() {
		steps = append(steps, step.ID)
	}
	return steps
}

func (f *forcing) journal() *recovery.Journal { return f.seed.seedJournal(f.id) }

// seedJournal is that of a recovery that was begun on a machine, nil where there is none.
func (m *machine) seedJournal(id string) *recovery.Journal {
	for i := range m.journals {
		if j := &m.journals[i]; j.Operation == recovery.OperationSeed && j.ID == id {
			return j
		}
	}
	return nil
}

// reach writes down how far it came.
func (f *forcing) reach(p recovery.Phase) {
	if j := f.journal(); !j.Reached(p) {
		j.Phase = p
	}
}

// run carries steps out until the one after which the provider is killed, "" for none.
func (f *forcing) run(steps []recovery.StepID, until recovery.StepID) error {
	f.resumed = f.journal() != nil
	f.checkLiving()
	for i, id := range steps {
		if err := f.step(id, until); err != nil || f.fault != nil {
			return err
		}
		if j := f.journal(); j != nil {
			j.Steps = append(slices.Clip(j.Steps), recovery.Entry{
				Time: f.w.time(), Operation: recovery.OperationSeed, ID: id, Number: i + 1, Of: len(steps),
				Step: string(id),
			})
			if id == recovery.StepConfirm {
				f.finish(j)
			}
		}
		if id == until || id == recovery.StepForce && until == midForce {
			return nil
		}
	}
	return nil
}

func (f *forcing) step(id, until recovery.StepID) error {
	w, seed, j := f.w, f.seed, f.journal()
	switch id {
	case recovery.StepCheck:
		f.begin()
	case recovery.StepStopOthers:
		for _, o := range f.others {
			if !j.Reached(recovery.PhaseUnforced) && o.manifest != missing {
				o.stop(0)
				o.manifest = parked
			}
		}
		w.settle()
	case recovery.StepStopSeed:
		if !j.Reached(recovery.PhaseForced) {
			seed.stop(0)
			seed.manifest = parked
			w.settle()
			if d := seed.disk; d != nil && seed.forgets() && d.commit < d.applied {
				f.goBack()
				return &failed{recovery.CodeCommitBehind}
			}
			f.reach(recovery.PhaseStopped)
		}
	case recovery.StepCopy:
		switch {
		case j.Reached(recovery.PhaseForcing) && j.Places.Whole:
			return nil
		case j.Reached(recovery.PhaseCopied) && j.Places.Whole && !seed.isCopied(j.Places.Data):
			f.goBack()
			return &failed{recovery.CodeNodeChanged}
		case j.Reached(recovery.PhaseCopied) && j.Places.Whole:
			return nil
		}
		if seed.disk != nil {
			seed.copies = append(seed.copies, keptData{place: f.oldData, data: *seed.disk})
		}
		j.Places = recovery.Places{Data: f.oldData, Whole: true}
		f.reach(recovery.PhaseCopied)
	case recovery.StepForce:
		if j.Reached(recovery.PhaseForced) {
			return nil
		}
		return f.force(until)
	case recovery.StepUnforce:
		if j.Reached(recovery.PhaseUnforced) && seed.manifest == inPlace && seed.running {
			return nil
		}
		seed.stop(0)
		seed.manifest = inPlace
		if !w.start(seed) {
			return &failed{recovery.CodeEtcdExited}
		}
		w.settle()
		f.reach(recovery.PhaseUnforced)
	case recovery.StepPeerURL:
		leader := w.leaderOf(seed)
		if leader == nil {
			return &failed{recovery.CodeStepFailed}
		}
		if !listedAt(leader.disk.tip, seed) {
			w.commit(leader, false, nil, func(e *entry) {
				e.members = slices.Clone(e.members)
				for i := range e.members {
					if e.members[i].ID == seed.disk.member {
						e.members[i].PeerURLs = []string{seed.url()}
					}
				}
			})
		}
	case recovery.StepConfirm:
		if w.alarm {
			return &failed{recovery.CodeAlarm}
		}
		for _, o := range append(f.others, seed) {
			if o.manifest == forcedByHand || o.manifest == forcedByUs {
				return &failed{recovery.CodeForceInManifest}
			}
		}
		for _, m := range append(f.others, seed) {
			if m.flag || m.manifest == forcedByUs {
				f.breaks(noFlag, "left", "%s has the flag when the run is over", m.name)
			}
		}
	}
	return nil
}

// isCopied reports whether a copy is of what a machine has.
func (m *machine) isCopied(place string) bool {
	return m.disk == nil || slices.ContainsFunc(m.copies, func(c keptData) bool {
		return c.place == place && c.data == *m.disk
	})
}

// finish ends the recovery, and with it whatever else was begun on its nodes.
func (f *forcing) finish(j *recovery.Journal) {
	id := j.ID
	for _, m := range append(f.others, f.seed) {
		for i := range m.journals {
			o := &m.journals[i]
			own := m == f.seed && o.Operation == recovery.OperationSeed && o.ID == id
			if o.Unended() && !own && !slices.Contains(f.abandoned, o.ID) {
				o.End(recovery.PhaseVoid, f.w.time())
			}
		}
	}
	j.End(recovery.PhaseFinished, f.w.time())
}

// takeFlagOut is what comes after a run that has ended, and was not killed.
func (f *forcing) takeFlagOut(err error) {
	if f.seed.manifest == forcedByUs {
		f.seed.stop(0)
		f.seed.manifest = parked
		f.w.settle()
	}
	stopped := []*machine{f.seed}
	var bad *failed
	named := errors.As(err, &bad) && bad.code == recovery.CodeForceInManifest // as what somebody has to take out
	// What another recovery has left in is out with the stop.
	if f.journal().Reached(recovery.PhaseStopped) && !named {
		stopped = append(stopped, f.others...)
	}
	for _, m := range stopped {
		if m.flag && m.running || m.manifest == forcedByUs {
			f.breaks(noFlag, "after-the-run", "%s has the flag when the run has ended", m.name)
		}
	}
}

// goBack puts everything back as it was.
func (f *forcing) goBack() {
	for _, m := range append(f.others, f.seed) {
		if m.manifest == parked {
			m.manifest = inPlace
			f.w.start(m)
		}
	}
	f.journal().End(recovery.PhaseUndone, f.w.time())
	f.w.settle()
}

// closeEarlier ends the recoveries that are given up, and those that have forced nothing.
func (f *forcing) closeEarlier() {
	for _, m := range append(f.others, f.seed) {
		counted := f.w.examine(m, f.w.texts).Counted().Journals
		for i := range counted {
			o := &counted[i]
			switch {
			case o.Operation != recovery.OperationSeed, o.ID == f.id, !o.Unended():
				continue
			case slices.Contains(f.abandoned, o.ID), o.Open() && !o.Reached(recovery.PhaseForcing):
				o.End(recovery.PhaseAbandoned, f.w.time())
			case !o.Open():
				o.End(recovery.PhaseVoid, f.w.time())
			default:
				continue
			}
			m.journals[i] = *o
		}
	}
}

// begin writes down what is about to be moved.
func (f *forcing) begin() {
	f.open()
	var names []string
	for _, o := range append(f.others, f.seed) {
		names = append(names, o.key)
	}
	j := f.journal()
	j.Moved, j.Stopped = names, names
	if !j.Reached(recovery.PhaseForced) {
		j.Left = map[string]recovery.Left{}
		for _, o := range f.others {
			if d := o.disk; d != nil && !d.damaged && o.manifest != missing {
				j.Left[o.key] = recovery.Left{Member: d.member}
			} else if d != nil || o.unmounted != nil {
				j.Left[o.key] = recovery.Left{}
			}
		}
	}
	f.reach(recovery.PhaseBegun)
	if !j.Reached(recovery.PhaseForcing) {
		j.Places.Data = f.oldData
	}
	if d := f.seed.disk; d != nil && !j.Reached(recovery.PhaseForcing) {
		j.Members = nil
		for _, o := range append(slices.Clip(d.tip.at(d.applied).members), d.kept(f.seed.forgets()).members...) {
			j.Members = append(j.Members, o.ID.String())
		}
	}
}

// open begins the journal, or goes on with the one that is there, as it counts where the seed's manifest was put back
// since, or the recovery was given up.
func (f *forcing) open() {
	seed := f.seed
	j := f.w.examine(seed, f.w.texts).SeedJournal(f.id)
	if j == nil || j.Phase == recovery.PhaseUndone {
		j = &recovery.Journal{Operation: recovery.OperationSeed, ID: f.id, Master: seed.key, Started: f.w.time()}
		if d := seed.disk; d != nil {
			j.Cluster, j.Member = d.tip.cluster, d.member
		}
	}
	if have := f.journal(); have != nil {
		*have = *j
	} else {
		seed.journals = append(seed.journals, *j)
	}
}

func (f *forcing) force(until recovery.StepID) error {
	w, seed := f.w, f.seed
	for _, m := range append(f.others, seed) {
		for _, o := range w.machines {
			if f.watched && o.running && hears(m, o) && o.key != "" && slices.Contains(f.lost, o.key) &&
				seed.disk != nil && seed.disk.tip.member(o.disk.member) != nil {
				return &failed{recovery.CodeLostNodeServes}
			}
		}
	}
	f.closeEarlier()
	f.reach(recovery.PhaseForcing)
	if seed.disk == nil {
		f.breaks(wayOn, "forced-empty", "%s is to be forced, and has no data", seed.name)
		return &failed{recovery.CodeEtcdExited}
	}
	f.checkForced()
	if f.fault != nil {
		return f.fault
	}
	seed.manifest = forcedByUs
	if !w.start(seed) {
		seed.manifest = parked
		return &failed{recovery.CodeEtcdExited}
	}
	w.settle()
	if f.watched {
		w.excuse(seed.disk.tip)
	}
	if until != midForce {
		f.journal().Revision = seed.disk.tip.at(seed.disk.applied).revision
		f.reach(recovery.PhaseForced)
	}
	return nil
}
