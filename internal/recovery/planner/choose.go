package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Choose picks the master to grow the cluster from, and says why. Where the evidence does not decide, it is the
// operator who names the master.
func Choose(s recovery.Survey, lost []string) (name, reason string, err error) {
	return takeCensus(s).choose(lost)
}

func (c *Census) choose(lost []string) (name, reason string, err error) {
	r := c.rank(lost)
	if r.Undecided != "" {
		return "", "", &recovery.Refusal{
			Code:      recovery.CodeSeedUndecided,
			Title:     "No Seed Can Be Chosen",
			Found:     r.Undecided + problemsBeside(r.Undecided, c.Survey),
			Attribute: "node",
			Next: "put right what is wrong with the masters named above and plan again; or decide which one has " +
				"the data to keep, and name it with node = \"…\".",
		}
	}
	return r.Best(), r.reason(), nil
}

// reason says why the first candidate is the choice.
func (r Ranking) reason() string {
	best := r.Candidates[0]
	if len(r.Candidates) == 1 && slices.ContainsFunc(r.Out, func(o RuledOut) bool { return o.HasData }) {
		return fmt.Sprintf("%s is the only master with etcd data that can be the seed", best.Name)
	}
	if len(r.Candidates) == 1 {
		return fmt.Sprintf("%s is the only master with readable etcd data", best.Name)
	}
	second := r.Candidates[1]
	switch {
	case best.Kept > second.Kept:
		return fmt.Sprintf(
			"a forced start keeps most on %s, the log up to entry %d; next is %s with %d",
			best.Name,
			best.Kept,
			second.Name,
			second.Kept,
		)
	case best.Further(second.Progress) < 0:
		return fmt.Sprintf(
			"%s and %s are equally far (a forced start keeps the log up to entry %d on either), and the log of %s is "+
				"the longer one",
			best.Name,
			second.Name,
			best.Kept,
			best.Name,
		)
	}
	return fmt.Sprintf(
		"%s and %s are equally far (a forced start keeps the log up to entry %d on either)",
		best.Name,
		second.Name,
		best.Kept,
	)
}

// ProblemsOf lists what is wrong with nodes, one problem a line.
func ProblemsOf(all recovery.Survey) string { return problemsBeside("", all) }

// problemsBeside lists what a text has not said already.
func problemsBeside(said string, all recovery.Survey) string {
	text := ""
	for _, e := range all {
		problems := append([]string{e.ReachError}, e.Problems...)
		if reason := unfit(e); !slices.Contains(problems, reason) {
			problems = append(problems, reason)
		}
		for _, p := range problems {
			if p != "" && !strings.Contains(said, p) {
				text += fmt.Sprintf("\n  %s: %s", e.Name, p)
			}
		}
	}
	return text
}
