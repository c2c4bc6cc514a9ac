package recovery

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Journal is what an operation left on a master: which steps are behind it, and where everything went. It is what a
// later apply, and a person, reads to know where things stand.
type Journal struct {
	Operation Operation
	ID        string
	Master    string
	Started   time.Time
	Finished  time.Time `json:",omitzero"`
	Undone    time.Time `json:",omitzero"` // all is as it was before: nothing goes on from here
	Abandoned time.Time `json:",omitzero"`
	Steps     []Entry
	Marks     map[string]string
}

// Entry is one finished step.
type Entry struct {
	Time      time.Time
	Operation Operation `json:",omitzero"` // "" where a version wrote it that had no IDs
	ID        StepID    `json:",omitzero"` // the same
	Number    int       `json:",omitzero"` // of Of steps
	Of        int       `json:",omitzero"`
	Step      string    // its title, for people
}

// Entry is what a journal keeps of a step that is done.
func (s Step) Entry(number, of int, now time.Time) Entry {
	return Entry{Time: now.UTC(), Operation: s.Operation, ID: s.ID, Number: number, Of: of, Step: s.Title}
}

// Marks that decide how an operation goes on.
const (
	// Where the data is about to go: chosen once, so that a broken-off attempt goes on at the same place.
	MarkKeepData  = "keep_data"
	MarkKeepWAL   = "keep_wal"        // the same for a WAL folder of its own
	MarkOldData   = "old_data"        // the copy or the moved data is complete at this place
	MarkOldWAL    = "old_wal"         // the same for a WAL folder of its own
	MarkMoved     = "moved"           // nodes whose manifest the kubelet had when this was begun, as a JSON list
	MarkStopped   = "stopped"         // nodes on which etcd is stopped for this, the same
	MarkAnswered  = "seed_ran"        // the seed's etcd ran when this was begun
	MarkForcing   = "forcing"         // the forced start was begun: from here on the log may be rewritten
	MarkForced    = "forced"          // the forced start was verified; the point of no return
	MarkUnforced  = "unforced"        // etcd was restarted without the flag and verified
	MarkDiscarded = "discarded"       // entries that the forced start dropped
	MarkLearner   = "learner"         // ID of the learner that was added for this master
	MarkRemoved   = "removed"         // ID of the entry that was left of this master, and was removed
	MarkVoter     = "voter"           // ID of the member, which is a voter now
	MarkBefore    = "manifest_before" // SHA-256
	MarkAfter     = "manifest_after"  // SHA-256
	MarkKept      = "manifest_kept"   // where the text before is kept
)

// name is the journal's file name without its ending.
func (j *Journal) FileName() string { return string(j.Operation) + "-" + j.ID }

func (j *Journal) Mark(key string) string {
	if j == nil {
		return ""
	}
	return j.Marks[key]
}

// Nodes returns the names in a mark. Older versions of the provider wrote them with spaces between them.
func (j *Journal) Nodes(key string) []string {
	var names []string
	if json.Unmarshal([]byte(j.Mark(key)), &names) != nil || names == nil {
		return strings.Fields(j.Mark(key))
	}
	return names
}

// Places are where this operation keeps the old data, as far as it has chosen.
func (j *Journal) Places(free Evidence) (data, wal string) {
	if j.Mark(MarkKeepData) == "" {
		return free.OldData, free.OldWAL
	}
	return j.Mark(MarkKeepData), j.Mark(MarkKeepWAL)
}

// Stopped says in one line how far an operation came that did not get to its end.
func (j *Journal) Stopped() string {
	began := fmt.Sprintf("was begun on %s at %s", j.Master, j.Started.Format(time.DateTime+" MST"))
	switch {
	case j.Done():
		return fmt.Sprintf("was finished on %s at %s", j.Master, j.Finished.Format(time.DateTime+" MST")) + j.age()
	case len(j.Steps) == 0:
		return began + " and goes on from its first change"
	}
	last := j.Steps[len(j.Steps)-1]
	return fmt.Sprintf("%s and goes on after step %d of %d (%s)", began, last.Number, last.Of, last.Step) + j.age()
}

// age tells of a journal with steps that have no IDs that an older version of the provider has written it.
func (j *Journal) age() string {
	if slices.ContainsFunc(j.Steps, func(e Entry) bool { return e.ID == "" }) {
		return "; its journal is from an older version of the provider"
	}
	return ""
}

func (j *Journal) Done() bool { return j != nil && !j.Finished.IsZero() }
