package recovery

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// Journal is what an operation left on a node: how far it came, which steps are behind it, and where everything went.
// It is what a later apply, and a person, reads to know where things stand.
type Journal struct {
	Operation Operation
	ID        string
	Master    string
	Started   time.Time `json:",omitzero"`
	Ended     time.Time `json:",omitzero"` // when it was finished, undone or abandoned

	Phase Phase // where it stands; in a survey as it counts by what was seen, see Evidence.Counted
	Came  Phase `json:",omitzero"` // how far it had come when it was undone or abandoned, or became void

	// Of the data when the operation began; 0 where that is not known.
	Cluster etcd.ID  `json:",omitzero"`
	Member  etcd.ID  `json:",omitzero"`
	Members []string `json:",omitempty"` // IDs of those of the cluster then; none where they were not known

	DataDir string   `json:",omitempty"` // of etcd
	Mount   string   `json:",omitempty"` // of the file system on which that is
	Places  Places   `json:",omitzero"`  // where the old data is kept: chosen once
	Older   []Places `json:",omitempty"` // copies of data that etcd has gone on with since
	Moved   []string `json:",omitempty"` // nodes whose manifest the kubelet had when this was begun
	Stopped []string `json:",omitempty"` // nodes on which etcd is stopped for this
	SeedRan bool     `json:",omitempty"` // the seed's etcd ran when this was begun
	// What is on the nodes that the new cluster is not made of, by their names; none of one that has nothing.
	Left     map[string]Left `json:",omitempty"`
	Revision int64           `json:",omitzero"` // with which the forced cluster began

	Discarded *int64 `json:",omitempty"` // log entries that the forced start dropped; nil where etcd's log does not say

	Unheard string `json:",omitempty"` // which of the witnesses of the forced start could not be heard, and why

	Learner string `json:",omitempty"` // ID of the learner that was added for this node
	Removed string `json:",omitempty"` // ID of the entry that was left of this node, and was removed
	Voter   string `json:",omitempty"` // ID of the member, which is a voter now

	ManifestBefore string `json:",omitempty"` // SHA-256
	ManifestAfter  string `json:",omitempty"` // SHA-256
	ManifestKept   string `json:",omitempty"` // where the text before is kept

	Steps []Entry

	Marked bool `json:"-"` // an older version of the provider wrote it, which had marks in place of a phase
}

// Places are where an operation keeps the old data. They are chosen and written down once, before anything goes there,
// so that a later attempt goes on at the same place.
type Places struct {
	Data  string
	WAL   string `json:",omitempty"` // of a WAL folder outside the data folder
	Whole bool   // the copy or the move is complete
}

// Copy returns where the latest whole copy is of what the seed had; no place where there is none.
func (j *Journal) Copy() Places {
	switch {
	case j.Places.Whole || len(j.Older) == 0:
		return j.Places
	default:
		return j.Older[len(j.Older)-1]
	}
}

// OlderCopies are the places of copies that were made before etcd ran again.
func (j *Journal) OlderCopies() []string {
	if j == nil {
		return nil
	}
	var all []string
	for _, p := range j.Older {
		all = append(all, p.Data)
	}
	return all
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

// Entry returns what a journal keeps of a step that is done.
func (s Step) Entry(number, of int, now time.Time) Entry {
	return Entry{Time: now.UTC(), Operation: s.Operation, ID: s.ID, Number: number, Of: of, Step: s.Title}
}

// FileName returns the journal's file name without its ending.
func (j *Journal) FileName() string { return string(j.Operation) + "-" + j.ID }

// Clone returns a copy that shares nothing with the journal.
func (j *Journal) Clone() *Journal {
	own := *j
	own.Moved, own.Stopped, own.Steps = slices.Clone(j.Moved), slices.Clone(j.Stopped), slices.Clone(j.Steps)
	own.Older, own.Members = slices.Clone(j.Older), slices.Clone(j.Members)
	own.Left = maps.Clone(j.Left)
	if j.Discarded != nil {
		n := *j.Discarded
		own.Discarded = &n
	}
	return &own
}

// End notes that the operation was finished, undone or abandoned, and keeps how far it had come until then.
func (j *Journal) End(p Phase, at time.Time) {
	if p != PhaseFinished && j.Phase != PhaseVoid {
		j.Came = j.Phase
	}
	j.Phase, j.Ended = p, at
}

// Done reports whether the operation came to its end.
func (j *Journal) Done() bool { return j != nil && j.Phase == PhaseFinished }

// Open reports whether the operation can go on: it was begun, it did not end, and its data is still what it was.
func (j *Journal) Open() bool { return j.Unended() && j.Phase != PhaseVoid }

// Unended reports whether the operation was begun and neither finished, undone nor abandoned, whatever has become of
// its data since.
func (j *Journal) Unended() bool {
	return j.Reached(PhaseBegun) && !j.Reached(PhaseFinished) && j.Phase != PhaseAbandoned && j.Ended.IsZero()
}

// PlacesOf returns where an operation keeps the data that was on this node before it. That is the place in its journal,
// and where there is none, or the data has had another life since, the free place; no place where there is no data.
// Plan and apply both take it from here.
func (e Evidence) PlacesOf(j *Journal) Places {
	switch {
	case j != nil && j.Places.Data != "" && j.Phase != PhaseVoid:
		return j.Places
	case e.Empty:
		return Places{}
	}
	return Places{Data: e.OldData, WAL: e.OldWAL}
}

// Leftover returns where data goes that a broken-off attempt has left in the folder, beside the data from before; no
// place where there is none.
func (e Evidence) Leftover(j *Journal) Places {
	if e.Empty || !e.PlacesOf(j).Whole {
		return Places{}
	}
	return Places{Data: e.OldData, WAL: e.OldWAL}
}

// HowFar says in one line how far the operation came.
func (j *Journal) HowFar() string {
	const at = time.DateTime + " MST"
	began := fmt.Sprintf("was begun on %s at %s", j.Master, j.Started.Format(at))
	switch {
	case j.Done():
		return fmt.Sprintf("was finished on %s at %s", j.Master, j.Ended.Format(at)) + j.age()
	case j.Phase == PhaseAbandoned:
		return fmt.Sprintf("%s and was abandoned at %s", began, j.Ended.Format(at)) + j.age()
	case len(j.Steps) == 0:
		return began + " and goes on from its first change" + j.age()
	}
	last := j.Steps[len(j.Steps)-1]
	return fmt.Sprintf("%s and goes on after step %d of %d (%s)", began, last.Number, last.Of, last.Step) + j.age()
}

// age says of a journal with marks, or with steps that have no IDs, that an older version of the provider has written
// it.
func (j *Journal) age() string {
	if j.Marked || slices.ContainsFunc(j.Steps, func(e Entry) bool { return e.ID == "" }) {
		return "; its journal is from an older version of the provider"
	}
	return ""
}
