package situation

import (
	"errors"
	"fmt"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
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
				j.End(recovery.PhaseFinished, f.w.time())
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
		if j.Reached(recovery.PhaseCopied) {
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

// begin writes down what is about to be moved.
func (f *forcing) begin() {
	f.open()
	for _, m := range f.w.machines {
		for i := range m.journals {
			if slices.Contains(f.abandoned, m.journals[i].ID) && m.journals[i].Open() && m.key != "" {
				m.journals[i].End(recovery.PhaseAbandoned, f.w.time())
			}
		}
	}
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
			}
		}
	}
	f.reach(recovery.PhaseBegun)
	if !j.Reached(recovery.PhaseForcing) {
		j.Places.Data = f.oldData
	}
}

// open begins the journal, or goes on with the one that is there, as it counts where the seed's manifest was put back
// since, or the recovery was given up.
func (f *forcing) open() {
	seed := f.seed
	e := recovery.Evidence{Journals: slices.Clone(seed.journals)}
	switch seed.manifest {
	case inPlace, uneditable:
		e.Manifest = manifestPath
	}
	if d := seed.disk; d != nil {
		e.Disk, e.Members = &recovery.OnDisk{ClusterID: d.tip.cluster, MemberID: d.member}, d.tip.at(d.applied).members
	}
	j := e.SeedJournal(f.id)
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

// checkLiving holds the recovery against the clusters that live before it begins.
func (f *forcing) checkLiving() {
	if !f.watched {
		return
	}
	for _, leader := range f.w.leaders() {
		group := f.w.group(leader)
		var stays []*machine
		given := true
		for _, o := range group {
			stopped := o == f.seed || slices.Contains(f.others, o)
			if !stopped {
				stays = append(stays, o)
			}
			given = given && (slices.Contains(f.less, o.key) || slices.Contains(f.lost, o.key))
		}
		alone := len(group) == 1 && group[0] == f.seed && leader.disk.tip.voters() == 1
		if f.journal().Reached(recovery.PhaseUnforced) {
			continue // nothing is stopped any more
		}
		worthless := f.seed.disk != nil && leader.disk.tip.cluster != f.seed.disk.tip.cluster &&
			len(f.w.acknowledged(leader.disk.tip, f.seed.disk.tip)) == 0
		if countVoters(leader.disk.tip, stays) <= leader.disk.tip.voters()/2 && !alone && !given && !worthless {
			f.breaks(keepsQuorum, "stops-living", "the cluster %s, which %s leads, is stopped for a forced start of %s",
				leader.disk.tip.cluster, leader.name, f.seed.name)
		}
	}
}

// checkForced holds a forced start against the truth, at the moment before it.
func (f *forcing) checkForced() {
	if !f.watched {
		return
	}
	w, seed := f.w, f.seed
	d := seed.disk
	// Nothing is rewritten that was not copied.
	copied := slices.ContainsFunc(seed.copies, func(c keptData) bool {
		if c.place != f.oldData || c.member != d.member {
			return false
		}
		// A cluster of one that has grown from the copy loses nothing by another forced start.
		grown := len(d.tip.members) == 1 && d.tip.has(c.kept(seed.forgets()))
		return grown || len(w.acknowledged(d.tip, c.tip)) == 0
	})
	if !copied {
		f.breaks(wholeCopy, "no-copy", "%s is forced, and what it has is not in %s", seed.name, f.oldData)
	}
	// Everybody is stopped, switched off or given up.
	known := w.visible(d)
	voters := 0
	var startable []*data
	if known != nil {
		for _, v := range known.members {
			for _, o := range w.holders(v, d) {
				unseen := o.manifest == missing && slices.Contains(f.less, o.key)
				drifted := o.whole() != nil && o.whole().missing > 0 // it has another past than its log says
				if !v.Learner && !unseen && !drifted && !f.given(o, v) {
					voters++
					startable = append(startable, o.whole())
				}
				sought := o.key != "" || slices.Contains(v.PeerURLs, o.url()) && f.heard(o, v.ID)
				if o != seed && sought && !f.given(o, v) && !f.stopped(o) {
					f.breaks(oneCluster, "unaccounted", "%s is forced, and nobody has asked after %s at %s",
						seed.name, o.name, o.url())
				}
			}
		}
		alone := len(known.members) == 1 && known.members[0].ID == d.member ||
			len(d.kept(seed.forgets()).members) == 1 // it was forced before, and may not know it yet
		next := d.kept(seed.forgets())
		loses := slices.ContainsFunc(startable, func(o *data) bool { return len(w.acknowledged(o.tip, next)) > 0 })
		if voters > known.voters()/2 && !alone && canElect(startable) && (loses || len(f.less) == 0) {
			f.breaks(noLostWrite, "startable", "%s is forced, and %d of %d voters have their data", seed.name, voters,
				known.voters())
		}
	}
	// No node that could be reached has more, unless that is given up by name.
	next := d.kept(seed.forgets())
	for _, o := range w.machines {
		has := o.whole()
		if o == seed || has == nil || o.key == "" || slices.Contains(f.lost, o.key) || slices.Contains(f.less, o.key) {
			continue
		}
		kept := has.kept(o.forgets())
		more := f.notGivenUp(w.acknowledged(kept, next))
		switch {
		case int64(len(more)) <= has.missing: // its database lacks them
		case kept.cluster == next.cluster:
			f.breaks(noLostWrite, "others-have-more", "%s is forced, and %s has %d acknowledged writes more",
				seed.name, o.name, len(more))
		case kept.revision > next.revision:
			f.breaks(noLostWrite, "longer-lineage", "%s is forced, and %s has %d acknowledged writes of cluster %s",
				seed.name, o.name, len(more), kept.cluster)
		}
	}
}

// canElect reports whether one of several members gets enough votes, by the members that it knows to be committed.
func canElect(all []*data) bool {
	return slices.ContainsFunc(all, func(d *data) bool {
		conf := d.tip.at(max(d.commit, d.applied))
		votes := 0
		for _, o := range all {
			if conf.votes(o.member) && d.tip.further(o.tip) >= 0 {
				votes++
			}
		}
		return votes > conf.voters()/2
	})
}

// heard reports whether a node that is stopped for the recovery, or its seed, hears a machine. Of one that nobody hears
// nothing is known, where another one has the data of its member.
func (f *forcing) heard(o *machine, id etcd.ID) bool {
	twin := false
	for _, m := range f.w.machines {
		twin = twin || m != o && m.key != "" && m.disk != nil && m.disk.member == id
	}
	return !twin || slices.ContainsFunc(append(f.others, f.seed), func(m *machine) bool { return hears(m, o) })
}

// notGivenUp leaves out writes that a node has which is given up by its name.
func (f *forcing) notGivenUp(writes []*entry) []*entry {
	return slices.DeleteFunc(writes, func(e *entry) bool {
		return slices.ContainsFunc(f.w.machines, func(m *machine) bool {
			d := m.whole()
			return d != nil && slices.Contains(f.less, m.key) && d.tip.has(e)
		})
	})
}

// given reports whether a machine was given up by its name, or as a member by ID or URL.
func (f *forcing) given(o *machine, v etcd.Member) bool {
	return o.key != "" && slices.Contains(f.lost, o.key) || slices.ContainsFunc(f.lost, func(name string) bool {
		m := f.w.find(name)
		return name == v.ID.String() || slices.Contains(v.PeerURLs, name) ||
			m != nil && m.key == name && slices.Contains(v.PeerURLs, m.url())
	})
}

// stopped reports whether a machine is one of those that the recovery has stopped.
func (f *forcing) stopped(o *machine) bool { return slices.Contains(f.others, o) && !o.running }

// visible is the furthest membership of a history that a survey could see.
func (w *world) visible(seed *data) *entry {
	var best *entry
	for _, m := range w.machines {
		if m.key == "" || m.disk == nil || m.disk.damaged || m.disk.tip.cluster != seed.tip.cluster {
			continue
		}
		if reach, _, _ := m.reach(); reach != recovery.Reached {
			continue
		}
		e := m.disk.tip.at(m.disk.applied)
		if !seed.tip.has(e) && !e.has(seed.tip.at(min(seed.commit, seed.applied))) {
			continue // a history of its own, with the same ID
		}
		if best == nil || e.further(best) > 0 {
			best = e
		}
	}
	return best
}

// holders are the machines that have, or could have, what etcd needs to be that member of the seed's cluster. One that
// was forced has thrown the seed out, and one that was founded anew has committed something else.
func (w *world) holders(v etcd.Member, seed *data) []*machine {
	var all []*machine
	for _, m := range w.machines {
		d := m.whole()
		if d != nil && d.missing == 0 && d.member == v.ID && d.tip.at(0) == seed.tip.at(0) &&
			d.tip.member(seed.member) != nil && d.committedAs(seed) {
			all = append(all, m)
		}
	}
	return all
}

// committedAs reports whether what two members have committed can be of one history.
func (d *data) committedAs(o *data) bool {
	a, b := d.tip.at(max(d.commit, d.applied)), o.tip.at(max(o.commit, o.applied))
	return a.has(b) || b.has(a)
}
