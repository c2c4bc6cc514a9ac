package recovery

import (
	"fmt"
)

// Step is one line of the runbook: what the plan shows, what the journal records, what an error names.
type Step struct {
	ID        StepID
	Operation Operation
	Nodes     []string // acted on; none where it is the cluster as a whole
	Title     string   // for people
}

// Where names for people what the step acts on.
func (s Step) Where() string {
	if len(s.Nodes) == 0 {
		return "cluster"
	}
	return Words(s.Nodes)
}

// Titles gives the list as the plan shows it.
func Titles(steps []Step) []string {
	var titles []string
	for i, s := range steps {
		titles = append(titles, fmt.Sprintf("%d/%d %s: %s", i+1, len(steps), s.Where(), s.Title))
	}
	return titles
}
