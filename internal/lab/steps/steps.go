//go:build linux

// Package steps reads from the journals on a lab's masters what a recovery did, and how long it took.
package steps

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Step is a finished step.
type Step struct {
	Operation  recovery.Operation
	ID         recovery.StepID
	Node       string // which keeps the journal
	Begin, End time.Time
}

// Name is short enough for a table.
func (s Step) Name() string { return Name(s.ID) }

// Took is how long the step took.
func (s Step) Took() time.Duration { return s.End.Sub(s.Begin) }

// Read gives the steps of all finished operations in the order in which they ended. What an operation does before its
// first change, locks and checks, is in no journal: it is the gap between two steps.
func Read(l *lab.Lab) ([]Step, error) {
	var all []Step
	for _, m := range l.Nodes() {
		journals, err := Journals(m)
		if err != nil {
			return nil, err
		}
		for _, j := range journals {
			begin := j.Started
			for _, e := range j.Steps {
				all = append(all, Step{Operation: j.Operation, ID: e.ID, Node: m.Name(), Begin: begin, End: e.Time})
				begin = e.Time
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Step) int { return a.End.Compare(b.End) })
	return all, nil
}

// Journals are those on one master that are finished.
func Journals(m lab.Identity) ([]recovery.Journal, error) {
	files, err := filepath.Glob(filepath.Join(m.Path(node.DefaultWorkDir), "*.journal"))
	if err != nil {
		return nil, fmt.Errorf("finding the journals of %s: %w", m.Name(), err)
	}
	var finished []recovery.Journal
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("reading a journal of %s: %w", m.Name(), err)
		}
		var j recovery.Journal
		if err := json.Unmarshal(text, &j); err != nil {
			return nil, fmt.Errorf("reading a journal of %s: %w", m.Name(), err)
		}
		if j.Done() {
			finished = append(finished, j)
		}
	}
	return finished, nil
}
