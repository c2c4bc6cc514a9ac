package recovery

import "time"

type Phase string

const (
	PhaseNone      Phase = ""
	PhaseBegun     Phase = "begun"
	PhaseStopped   Phase = "stopped"
	PhaseCopied    Phase = "copied"
	PhaseForcing   Phase = "forcing"
	PhaseForced    Phase = "forced"
	PhaseUnforced  Phase = "unforced"
	PhaseMoving    Phase = "moving"
	PhaseMoved     Phase = "moved"
	PhaseAdded     Phase = "added"
	PhaseStarted   Phase = "started"
	PhaseVoter     Phase = "voter"
	PhaseFinished  Phase = "finished"
	PhaseAbandoned Phase = "abandoned"
	PhaseVoid      Phase = "void"
)

func (j *Journal) Reached(p Phase) bool {
	switch {
	case j == nil:
		return false
	case j.Done():
		return true
	case p == PhaseForcing:
		return j.Mark(MarkForcing) != ""
	case p == PhaseForced:
		return j.Mark(MarkForced) != ""
	case p == PhaseUnforced:
		return j.Mark(MarkUnforced) != ""
	case p == PhaseCopied, p == PhaseMoved:
		return j.Mark(MarkOldData) != ""
	case p == PhaseVoter:
		return j.Mark(MarkVoter) != ""
	}
	return true
}

func (j *Journal) Open() bool { return j != nil && !j.Done() && j.Abandoned.IsZero() }

func (e Evidence) PhaseOf(j *Journal) Phase {
	if !j.Abandoned.IsZero() {
		return PhaseAbandoned
	}
	return PhaseNone
}

var _ time.Time
