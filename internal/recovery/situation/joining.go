package situation

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// joinSteps are those after which a join can be broken off that has changed something.
func joinSteps() []recovery.StepID {
	return []recovery.StepID{
		recovery.StepStop, recovery.StepRemoveStale, recovery.StepMoveAside, recovery.StepAddLearner,
		recovery.StepStart, recovery.StepPromote,
	}
}

// joining carries a join out as package executor does.
type joining struct {
	w     *world
	m     *machine
	plan  *planner.MemberPlan
	fault *broken
}

func (j *joining) breaks(r rule, kind, format string, args ...any) {
	if j.fault == nil {
		j.fault = &broken{r, kind, fmt.Sprintf(format, args...)}
	}
}

// run carries a join out until the step after which the provider is killed, "" for none.
func (j *joining) run(until recovery.StepID) error {
	w, m := j.w, j.m
	leader, err := j.check()
	if err != nil {
		return err
	}
	if j.plan.Healthy { // and only its journal is open
		if begun := j.begun(); begun != nil {
			j.finish(begun)
		}
		return nil
	}
	journal := j.begin()
	for _, id := range []recovery.StepID{
		recovery.StepStop, recovery.StepRemoveStale, recovery.StepMoveAside, recovery.StepAddLearner,
		recovery.StepStart, recovery.StepPromote, recovery.StepConfirm,
	} {
		if err := j.step(id, leader, journal); err != nil || j.fault != nil {
			return err
		}
		w.settle()
		if w.leaderOf(leader) == nil {
			j.breaks(keepsQuorum, "join-stops-cluster", "the join of %s cost the quorum in step %s", m.name, id)
			return nil
		}
		leader = w.leaderOf(leader)
		if id == until {
			return nil
		}
	}
	j.finish(journal)
	return nil
}

// finish ends the join, and with it what was begun before on its node.
func (j *joining) finish(journal *recovery.Journal) {
	for i := range j.m.journals {
		if o := &j.m.journals[i]; o != journal && o.Unended() && o.Started.Before(journal.Started) {
			o.End(recovery.PhaseVoid, j.w.time())
		}
	}
	journal.End(recovery.PhaseFinished, j.w.time())
}

// check is what the executor makes sure of before it changes anything.
func (j *joining) check() (*machine, error) {
	w, m := j.w, j.m
	leader := j.leader()
	if leader == nil {
		return nil, &failed{recovery.CodeNoQuorum}
	}
	if w.alarm {
		return nil, &failed{recovery.CodeAlarm}
	}
	for _, o := range w.machines {
		if reach, _, _ := o.reach(); o.key != "" && reach == recovery.Reached &&
			(o.manifest == forcedByHand || o.manifest == forcedByUs) {
			return nil, &failed{recovery.CodeForceInManifest}
		}
	}
	if j.plan.Healthy {
		return leader, nil
	}
	if !listedAt(leader.disk.tip, leader) { // the new member would look for it where it is not
		return nil, &failed{recovery.CodePeersOutOfReach}
	}
	own, answering := false, 0
	for _, o := range leader.disk.tip.members {
		own = own || !o.Learner && (o.Name == m.name || slices.Contains(o.PeerURLs, m.url()))
	}
	for _, o := range w.group(leader) {
		if reach, _, _ := o.reach(); o != m && o.key != "" && reach == recovery.Reached && !o.expired &&
			leader.disk.tip.votes(o.disk.member) {
			answering++
		}
	}
	if own && answering <= leader.disk.tip.voters()/2 {
		return nil, &failed{recovery.CodeNeededForQuorum}
	}
	return leader, nil
}

// leader is that of the cluster in the plan. It is asked through a surveyed node: another cluster may have its ID, and
// be where it knows a member.
func (j *joining) leader() *machine {
	for _, l := range j.w.leaders() {
		asked := func(m *machine) bool {
			reach, _, _ := m.reach()
			return m.key != "" && reach == recovery.Reached && !m.expired
		}
		if l.disk.tip.cluster.String() == j.plan.Cluster.ID && slices.ContainsFunc(j.w.group(l), asked) {
			return l
		}
	}
	return nil
}

// begun is the join that goes on, nil for none.
func (j *joining) begun() *recovery.Journal { return j.m.memberJournal(planner.Begun(j.plan.Evidence)) }

// memberJournal is that of a join on its machine, nil for none.
func (m *machine) memberJournal(of *recovery.Journal) *recovery.Journal {
	for i := range m.journals {
		if o := &m.journals[i]; of != nil && o.Operation == recovery.OperationMember && o.ID == of.ID {
			return o
		}
	}
	return nil
}

func (j *joining) begin() *recovery.Journal {
	if begun := j.begun(); begun != nil {
		return begun
	}
	if spent := j.m.memberJournal(planner.Spent(j.plan.Evidence)); spent != nil {
		spent.End(recovery.PhaseVoid, j.w.time())
	}
	j.w.clock++
	j.m.journals = append(j.m.journals, recovery.Journal{
		Operation: recovery.OperationMember, ID: "join-" + strconv.Itoa(j.w.clock), Master: j.m.key,
		Started: j.w.time(), Phase: recovery.PhaseBegun,
	})
	own := &j.m.journals[len(j.m.journals)-1]
	if d := j.m.disk; d != nil {
		own.Cluster, own.Member = d.tip.cluster, d.member
	}
	return own
}

func (j *joining) step(id recovery.StepID, leader *machine, journal *recovery.Journal) error {
	w, m := j.w, j.m
	switch id {
	case recovery.StepStop:
		m.stop(0)
		m.manifest = parked
	case recovery.StepRemoveStale:
		for _, o := range leader.disk.tip.members {
			if o.Name == m.name || slices.Contains(o.PeerURLs, m.url()) {
				journal.Removed = o.ID.String()
				if journal.Reached(recovery.PhaseAdded) {
					journal.Phase, journal.Learner, journal.Voter = recovery.PhaseMoved, "", ""
				}
			}
		}
		w.removeEntries(m, leader)
	case recovery.StepMoveAside:
		j.moveAside(leader, journal)
	case recovery.StepAddLearner:
		self := m.self(w.id())
		self.Name, self.Learner = "", true
		if hasLearner(leader.disk.tip) {
			return &failed{recovery.CodeLearnerInTheWay}
		}
		w.commit(leader, false, nil, func(e *entry) { e.members = append(slices.Clone(e.members), self) })
		journal.Learner, journal.Phase = self.ID.String(), recovery.PhaseAdded
	case recovery.StepStart:
		m.manifest = inPlace
		tip := leader.disk.tip
		own := tip.members[len(tip.members)-1]
		m.initial = nameMember(tip.members, own.ID, m.name)
		if m.wontStart || m.kubeletDown || m.full {
			return &failed{recovery.CodeEtcdExited}
		}
		w.commit(leader, false, nil, func(e *entry) { e.members = nameMember(e.members, own.ID, m.name) })
		tip = leader.disk.tip
		m.disk = &data{tip: tip, commit: tip.index, applied: tip.index, member: own.ID}
		m.running, m.flag, m.leader, m.lastWords = true, false, 0, ""
		journal.Phase = recovery.PhaseStarted
	case recovery.StepPromote:
		if !m.running || m.leader == 0 {
			return &failed{recovery.CodeEtcdExited}
		}
		own := m.disk.member
		w.commit(leader, false, nil, func(e *entry) {
			e.members = slices.Clone(e.members)
			for i := range e.members {
				if e.members[i].ID == own {
					e.members[i].Learner = false
				}
			}
		})
		journal.Voter, journal.Phase = own.String(), recovery.PhaseVoter
	}
	return nil
}

func nameMember(members []etcd.Member, id etcd.ID, name string) []etcd.Member {
	members = slices.Clone(members)
	for i := range members {
		if members[i].ID == id {
			members[i].Name = name
		}
	}
	return members
}

// moveAside empties the data folder, and holds that against the truth.
func (j *joining) moveAside(leader *machine, journal *recovery.Journal) {
	w, m := j.w, j.m
	for _, d := range []*data{m.disk, m.unmounted} {
		if d == nil || d.damaged {
			continue
		}
		kept := d.kept(m.forgets())
		more := w.acknowledged(kept, leader.disk.tip)
		if len(more) > 0 && kept.revision-d.missing <= leader.disk.tip.revision && d == m.disk {
			for _, e := range more { // the shorter one of two histories
				w.excused[e] = true
			}
			continue
		}
		if len(more) > 0 {
			kind := "best-moved"
			if d == m.unmounted {
				kind = "joined-unmounted"
			}
			j.breaks(wholeCopy, kind, "%s joins cluster %s, which lacks %d acknowledged writes of its cluster %s",
				m.name, leader.disk.tip.cluster, len(more), d.tip.cluster)
		}
	}
	if m.disk == nil {
		journal.Phase = recovery.PhaseMoved
		return
	}
	if j.plan.OldData == "" && !journal.Places.Whole {
		j.breaks(wholeCopy, "no-place", "%s joins, its plan names no place, and there is data", m.name)
	}
	if journal.Places.Whole || j.plan.OldData == "" { // what a broken-off attempt has left goes beside it
		m.copies = append(m.copies, keptData{place: m.freePlace(), data: *m.disk, moved: true})
	} else {
		m.copies = append(m.copies, keptData{place: j.plan.OldData, data: *m.disk, moved: true})
		journal.Places = recovery.Places{Data: j.plan.OldData, Whole: true}
	}
	m.disk, journal.Phase = nil, recovery.PhaseMoved
}
