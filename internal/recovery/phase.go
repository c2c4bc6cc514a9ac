package recovery

import (
	"slices"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// Phase is where an operation stands on its node.
type Phase string

// PhaseNone means that nothing was begun.
const PhaseNone Phase = ""

// PhaseBegun means that the journal is on the node, and that manifests may have been moved out of the kubelet's folder.
const PhaseBegun Phase = "begun"

// The phases of a seed, in order, between PhaseBegun and PhaseFinished.
const (
	// PhaseStopped means that etcd was stopped on every node.
	PhaseStopped Phase = "stopped"
	// PhaseCopied means that there is a whole copy of the seed's data.
	PhaseCopied Phase = "copied"
	// PhaseForcing means that the forced manifest may be in the kubelet's folder and the log rewritten. It is saved
	// before that manifest is written.
	PhaseForcing Phase = "forcing"
	// PhaseForced means that the forced start was verified, and that the flag is still in the manifest.
	PhaseForced Phase = "forced"
	// PhaseUnforced means that etcd was restarted without the flag, and verified.
	PhaseUnforced Phase = "unforced"
)

// The phases of a member, in order, between PhaseBegun and PhaseFinished.
const (
	// PhaseMoving means that the old data may be moved in part.
	PhaseMoving Phase = "moving"
	// PhaseMoved means that the data from before is away.
	PhaseMoved Phase = "moved"
	// PhaseAdded means that the node was added to the cluster as a learner.
	PhaseAdded Phase = "added"
	// PhaseStarted means that its etcd was started.
	PhaseStarted Phase = "started"
	// PhaseVoter means that it was promoted.
	PhaseVoter Phase = "voter"
)

// PhaseFinished means that the end state was checked.
const PhaseFinished Phase = "finished"

// What becomes of an operation that does not come to its end.
const (
	// PhaseUndone means that everything was put back as it was.
	PhaseUndone Phase = "undone"
	// PhaseAbandoned means that it was given up by name, or that a later operation on the node has overtaken it.
	PhaseAbandoned Phase = "abandoned"
	// PhaseVoid means that the data has had another life since. It follows from the evidence, and is written down when
	// a later operation on the node comes to its end.
	PhaseVoid Phase = "void"
)

// Phases returns the phases of an operation in order.
func (o Operation) Phases() []Phase {
	if o == OperationMember {
		return []Phase{
			PhaseNone, PhaseBegun, PhaseMoving, PhaseMoved, PhaseAdded, PhaseStarted, PhaseVoter, PhaseFinished,
		}
	}
	return []Phase{
		PhaseNone, PhaseBegun, PhaseStopped, PhaseCopied, PhaseForcing, PhaseForced, PhaseUnforced, PhaseFinished,
	}
}

// Reached reports whether the operation came at least as far as a phase of its own, whatever has become of it since.
// One that is finished has reached them all, one that was undone none.
func (j *Journal) Reached(p Phase) bool {
	if j == nil || j.Phase == PhaseUndone {
		return false
	}
	came := j.Phase
	if came == PhaseAbandoned || came == PhaseVoid {
		came = j.Came
	}
	order := j.Operation.Phases()
	want := slices.Index(order, p)
	return want > 0 && slices.Index(order, came) >= want
}

// Counted returns the evidence with its journals as they count by what was seen: PhaseVoid where the data has had
// another life since, PhaseBegun where etcd was put back to work. From then on whoever needs to know where an operation
// stands asks its journal. What is counted already stays as it is.
func (e Evidence) Counted() Evidence {
	if len(e.Journals) == 0 {
		return e
	}
	counted := make([]Journal, len(e.Journals))
	for i := range e.Journals {
		counted[i] = *e.count(&e.Journals[i])
	}
	e.Journals = counted
	return e
}

// Counted returns the survey with all its journals as they count.
func (s Survey) Counted() Survey {
	s = slices.Clone(s)
	for i := range s {
		s[i] = s[i].Counted()
	}
	return s
}

func (e Evidence) count(j *Journal) *Journal {
	switch {
	case j.Phase == PhaseUndone, j.Phase == PhaseAbandoned, j.Phase == PhaseVoid:
		return j
	case e.Outlived(j), e.grown(j) && !e.untouched(j):
		own := j.Clone()
		own.Phase, own.Came = PhaseVoid, j.Phase
		return own
	case e.putBack(j):
		return j.startedOver()
	case e.untouched(j):
		own := j.Clone()
		own.Discarded = nil
		if own.Phase = PhaseCopied; !j.Places.Whole {
			own.Phase = PhaseStopped
		}
		return own
	}
	return j
}

// Outlived reports whether the data has had another life since the operation: it is of another member or another
// cluster, or a later operation on this node came to its end, or the voter that a join has made is gone again.
func (e Evidence) Outlived(j *Journal) bool {
	return e.otherData(j) || e.overtaken(j) || e.voterGone(j)
}

// putBack reports whether somebody has put the operator's manifest back into the kubelet's folder since etcd was
// stopped for a recovery, and no forced start has been at the data.
func (e Evidence) putBack(j *Journal) bool {
	return j.Operation == OperationSeed && j.Open() && j.Reached(PhaseStopped) && !j.Reached(PhaseForced) &&
		e.Manifest != "" && e.Parked == "" && e.ForceFlag == "" && (!j.Reached(PhaseForcing) || e.KnowsOthers())
}

// untouched reports whether a forced start that was about to begin has not been at the data: the membership on the disk
// is that of the old cluster, and no removal of the others waits in the log to be applied to it. Etcd may have run in
// between all the same, so that the copy is to be compared again.
func (e Evidence) untouched(j *Journal) bool {
	return j.Operation == OperationSeed && j.Phase == PhaseForcing && !e.Running && e.Disk != nil &&
		e.ForceFlag == "" && e.KnowsOthers() && !slices.ContainsFunc(e.KnownMembers(), j.hasJoined)
}

// hasJoined reports whether a member is one that the recovery has not begun with. Older journals do not tell.
func (j *Journal) hasJoined(m etcd.Member) bool {
	return len(j.Members) > 0 && m.ID != 0 && !slices.Contains(j.Members, m.ID.String())
}

// grown reports whether others have joined the cluster of a recovery that has begun to force it: then it is past that,
// whatever becomes of the cluster. While one answers, that is seen without.
func (e Evidence) grown(j *Journal) bool {
	if j.Operation != OperationSeed || !j.Open() || !j.Reached(PhaseForcing) || e.Live != nil {
		return false
	}
	if len(j.Members) == 0 {
		return j.Reached(PhaseForced) && e.KnowsOthers()
	}
	added := func(id etcd.ID) bool { return j.hasJoined(etcd.Member{ID: id}) }
	return slices.ContainsFunc(e.KnownMembers(), j.hasJoined) ||
		e.Disk != nil && slices.ContainsFunc(e.Disk.Added, added)
}

// startedOver returns the journal of a recovery that has only begun: etcd may have taken more since it was stopped, and
// a copy that was made is not of that.
func (j *Journal) startedOver() *Journal {
	own := j.withoutCopy()
	own.Phase, own.Steps, own.Moved, own.SeedRan = PhaseBegun, nil, nil, false
	own.Discarded, own.Revision = nil, 0
	return own
}

// withoutCopy returns a journal whose copy is of the past, and that needs another one.
func (j *Journal) withoutCopy() *Journal {
	own := j.Clone()
	if own.Places.Whole {
		own.Older = append(own.Older, own.Places)
	}
	own.Places = Places{}
	return own
}

// TakenUp returns an abandoned recovery as it goes on when it is asked for again by its ID; nil for one whose data has
// had another life since. Where a forced start has been at the data, it is forced again: what came after is weighed and
// copied anew.
func (e Evidence) TakenUp(j *Journal) *Journal {
	if e.Outlived(j) {
		return nil
	}
	own := j.Clone()
	own.Phase, own.Came, own.Ended = j.Came, PhaseNone, time.Time{}
	if own = e.count(own); own.Phase != PhaseVoid && own.Reached(PhaseForcing) {
		own = own.withoutCopy()
		own.Phase, own.Steps = PhaseForcing, nil
		own = e.count(own)
	}
	return own
}

// KnowsOthers reports whether a node's member has other voters beside it, which its log does not throw out: no forced
// start has been at its data, or a cluster has grown from it since.
func (e Evidence) KnowsOthers() bool {
	if e.Disk != nil && e.Disk.Rewritten {
		return false
	}
	voters := 0
	for _, m := range e.KnownMembers() {
		if !m.Learner {
			voters++
		}
	}
	return voters > 1
}

// otherData reports whether the node's data is that of another member or another cluster than the operation left there.
func (e Evidence) otherData(j *Journal) bool {
	cluster, member := e.Cluster(), e.memberID()
	if j.Operation != OperationMember || !j.Reached(PhaseMoved) {
		return cluster != 0 && j.Cluster != 0 && cluster != j.Cluster ||
			member != 0 && j.Member != 0 && member != j.Member
	}
	// Here the data from before is away, and what is there now can only be that of a learner that was added for this,
	// which may have been removed again.
	own := member.String() == j.Learner || member.String() == j.Removed && member != j.Member
	return member != 0 && !own
}

// voterGone reports whether a join that is open came as far as a voter, which is none any more.
func (e Evidence) voterGone(j *Journal) bool {
	if j.Operation != OperationMember || !j.Unended() || !j.Reached(PhaseVoter) {
		return false
	}
	listed := e.Live == nil ||
		slices.ContainsFunc(e.Live.Members, func(m etcd.Member) bool { return m.ID.String() == j.Voter })
	return !listed || e.Empty || e.Disowned() != ""
}

// memberID returns the ID of the member whose data this is; 0 where that is not known.
func (e Evidence) memberID() etcd.ID {
	switch {
	case e.Status != nil:
		return e.Status.MemberID
	case e.Disk != nil:
		return e.Disk.MemberID
	}
	return 0
}

// overtaken reports whether another operation on this node came to its end after this one.
func (e Evidence) overtaken(j *Journal) bool {
	return slices.ContainsFunc(e.Journals, func(k Journal) bool {
		same := k.Operation == j.Operation && k.ID == j.ID
		return !same && k.settled() && k.last().After(j.last())
	})
}

// settled reports whether the operation has made the node's data its own: from then on what older journals say of that
// data is of the past.
func (j *Journal) settled() bool {
	return j.Reached(PhaseFinished) || j.Operation == OperationMember && j.Reached(PhaseVoter)
}

// forcedAt is when a recovery has forced its cluster, as far as its steps tell.
func (j *Journal) forcedAt() time.Time {
	at := j.last()
	for _, s := range j.Steps {
		if s.ID == StepForce {
			at = s.Time
		}
	}
	return at
}

// last is when the operation was finished, or else begun.
func (j *Journal) last() time.Time {
	if j.Reached(PhaseFinished) && !j.Ended.IsZero() {
		return j.Ended
	}
	return j.Started
}
