package recovery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
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

// entry is what a journal keeps of a step that is done.
func (s Step) entry(number, of int, now time.Time) Entry {
	return Entry{Time: now.UTC(), Operation: s.Operation, ID: s.ID, Number: number, Of: of, Step: s.Title}
}

// Marks that decide how an operation goes on.
const (
	// Where the data is about to go: chosen once, so that a broken-off attempt goes on at the same place.
	markKeepData  = "keep_data"
	markKeepWAL   = "keep_wal"        // the same for a WAL folder of its own
	markOldData   = "old_data"        // the copy or the moved data is complete at this place
	markOldWAL    = "old_wal"         // the same for a WAL folder of its own
	markMoved     = "moved"           // nodes whose manifest the kubelet had when this was begun, as a JSON list
	markStopped   = "stopped"         // nodes on which etcd is stopped for this, the same
	markAnswered  = "seed_ran"        // the seed's etcd ran when this was begun
	markForcing   = "forcing"         // the forced start was begun: from here on the log may be rewritten
	markForced    = "forced"          // the forced start was verified; the point of no return
	markUnforced  = "unforced"        // etcd was restarted without the flag and verified
	markDiscarded = "discarded"       // entries that the forced start dropped
	markLearner   = "learner"         // ID of the learner that was added for this master
	markRemoved   = "removed"         // ID of the entry that was left of this master, and was removed
	markVoter     = "voter"           // ID of the member, which is a voter now
	markBefore    = "manifest_before" // SHA-256
	markAfter     = "manifest_after"  // SHA-256
	markKept      = "manifest_kept"   // where the text before is kept
)

// name is the journal's file name without its ending.
func (j *Journal) name() string { return string(j.Operation) + "-" + j.ID }

func (j *Journal) mark(key string) string {
	if j == nil {
		return ""
	}
	return j.Marks[key]
}

// nodes returns the names in a mark. Older versions of the provider wrote them with spaces between them.
func (j *Journal) nodes(key string) []string {
	var names []string
	if json.Unmarshal([]byte(j.mark(key)), &names) != nil || names == nil {
		return strings.Fields(j.mark(key))
	}
	return names
}

// places are where this operation keeps the old data, as far as it has chosen.
func (j *Journal) places(free Evidence) (data, wal string) {
	if j.mark(markKeepData) == "" {
		return free.OldData, free.OldWAL
	}
	return j.mark(markKeepData), j.mark(markKeepWAL)
}

// stopped says in one line how far an operation came that did not get to its end.
func (j *Journal) stopped() string {
	began := fmt.Sprintf("was begun on %s at %s", j.Master, j.Started.Format(time.DateTime+" MST"))
	switch {
	case j.finished():
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

func (j *Journal) finished() bool { return j != nil && !j.Finished.IsZero() }

// book writes a journal to its master after every step, while the next one has begun.
type book struct {
	*Journal
	node    *node.Node
	now     func() time.Time
	writing chan error // of the last write that was begun and not waited for; nil where there is none
}

// open continues the journal that the master has, or begins one.
func openBook(have *Journal, operation Operation, id string, n *node.Node, now func() time.Time) *book {
	if have == nil {
		have = &Journal{Operation: operation, ID: id, Master: n.Name, Started: now().UTC()}
	}
	if have.Marks == nil {
		have.Marks = map[string]string{}
	}
	return &book{Journal: have, node: n, now: now}
}

// set is written to the master with the step in which it became true. What has to be known before something is done is
// saved at once.
func (b *book) set(key, value string) { b.Marks[key] = value }

// setNodes is set for the names of nodes, which may hold any character.
func (b *book) setNodes(key string, names []string) {
	text, _ := json.Marshal(append([]string{}, names...)) // a list of strings cannot fail
	b.set(key, string(text))
}

// keepAt writes down where the old data goes before it goes there.
func (b *book) keepAt(ctx context.Context, data, wal string) error {
	b.set(markKeepData, data)
	b.set(markKeepWAL, wal)
	return b.save(ctx)
}

// step keeps that one is done. Nothing waits for it but the next write: a step that is not in the journal is checked
// again, and found done.
func (b *book) step(ctx context.Context, number, of int, s Step) error {
	b.Steps = append(b.Steps, s.entry(number, of, b.now()))
	text, err := b.text()
	if err := errors.Join(err, b.settle()); err != nil {
		return err
	}
	writing := make(chan error, 1)
	b.writing = writing
	go func() { writing <- b.write(ctx, text) }()
	return nil
}

// settle waits for a write that was begun.
func (b *book) settle() error {
	if b == nil || b.writing == nil {
		return nil
	}
	err := <-b.writing
	b.writing = nil
	return err
}

func (b *book) finish(ctx context.Context) error {
	b.Finished = b.now().UTC()
	err := b.save(ctx)
	if err != nil {
		b.Finished = time.Time{}
	}
	return err
}

// save writes the journal and returns when it is written.
func (b *book) save(ctx context.Context) error {
	text, err := b.text()
	if err := errors.Join(err, b.settle()); err != nil {
		return err
	}
	return b.write(ctx, text)
}

func (b *book) text() ([]byte, error) {
	text, err := json.MarshalIndent(b.Journal, "", "  ")
	return append(text, '\n'), err
}

func (b *book) write(ctx context.Context, text []byte) error {
	ctx, cancel := atomic(ctx)
	defer cancel()
	if err := b.node.WriteJournal(ctx, b.name(), text); err != nil {
		return fmt.Errorf("keeping the journal: %w", err)
	}
	return nil
}

func readJournals(files []node.File) []Journal {
	var all []Journal
	for _, f := range files {
		var j Journal
		if json.Unmarshal(f.Text, &j) == nil && j.Operation != "" && j.Undone.IsZero() {
			all = append(all, j)
		}
	}
	return all
}
