package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Why nodes are no candidates, beside what is wrong with them.
const (
	isGivenUp     = "given up"
	isNotExamined = "it cannot be examined; if it is gone for good, name it in lost_nodes"
	isForsaken    = "a forced start that was given up has been at its data"
)

// What is there in the place of a member's data.
const (
	isBare     = "nothing of Kubernetes is there, and no data of etcd"
	isNotFound = "its data was not found"
)

func isStray(dir string) string {
	return fmt.Sprintf("there is data in %s, and no etcd manifest says whose", dir)
}

func removedBy(name string) string {
	if name == "" {
		return ""
	}
	return name + " knows that its member was removed from the cluster: do not start etcd there"
}

// words says why a node cannot be a seed, "" where it can.
func (f flaw) words(e recovery.Evidence) string {
	switch f {
	case flawDamaged:
		return fmt.Sprintf("the data in %s cannot be used: %s", e.DataDir, e.Damage)
	case flawTooNew:
		return e.TooNew
	case flawNoData:
		return noData(e)
	case flawProblem:
		return e.Problems[0]
	case flawNoManifest:
		return "there is no etcd manifest"
	case flawLearner:
		return "it is a learner: a forced start panics there (\"removed all voters\")"
	case flawUnlisted:
		return "it has not learned yet that it was added to the cluster: a forced start panics there (\"removed all " +
			"voters\")"
	case flawRemoved:
		return "its member was removed from the cluster: a forced start panics there (\"removed all voters\", " +
			"etcd-io/etcd#13848)"
	}
	return string(f)
}

// noData says what is in the place of a log and a database.
func noData(e recovery.Evidence) string {
	switch {
	case e.Empty:
		return e.DataDir + " is empty or not there"
	case e.Foreign != "":
		return fmt.Sprintf("%s is not etcd's: it has no member/ folder, and has %s", e.DataDir, e.Foreign)
	case e.NoLog:
		return "there is no log with the data in " + e.DataDir
	}
	return "there is no database in " + e.DataDir
}

// unread says why it is not known how far a member's data goes.
func (n *Node) unread() string {
	switch {
	case n.Running && n.ManifestPath != "":
		return fmt.Sprintf(
			"etcd runs there and does not answer (%s), and its data cannot be read beside it (%s); stop it (%s), and "+
				"look again",
			n.Unknown.Status,
			n.Unknown.Disk,
			parking(n.Evidence),
		)
	case n.Unknown.Disk != "":
		return n.Unknown.Disk
	case n.Holds == Unknown && n.Why != "":
		return n.Why
	case len(n.Problems) > 0:
		return n.Problems[0]
	}
	return "its data was not read"
}

// undecidedSeed refuses where the operator has to choose.
func undecidedSeed(r Ranking, all recovery.Survey) error {
	next := "put right what is wrong with the masters named above and plan again; or decide which one has the data " +
		"to keep, and name it with node = \"…\"."
	if i := slices.IndexFunc(all, forcedInVain); i >= 0 && len(r.Candidates) == 0 {
		next += " " + afterForcing(all[i], all)
	}
	return &recovery.Refusal{
		Code:      recovery.CodeSeedUndecided,
		Title:     "No Seed Can Be Chosen",
		Found:     r.Undecided + problemsBeside(r.Undecided, all),
		Attribute: "node",
		Next:      next,
	}
}

// nobody says that there is no candidate.
func (r Ranking) nobody(c *Census) string {
	text := "none of the surveyed masters has a readable log and database and a usable manifest."
	for _, o := range r.Out {
		if n := c.find(o.Name); o.HasData && forsaken(n.Evidence) {
			text += fmt.Sprintf(" On %s %s.", o.Name, o.Reason)
		}
	}
	return text
}

// mayHaveMore says of whom it is not known what they have.
func (r Ranking) mayHaveMore(unjudged []RuledOut) string {
	text := fmt.Sprintf(
		"the data of %s is not known, and it may be more than that of %s",
		recovery.Words(namesOf(unjudged)),
		recovery.Words(r.names()),
	)
	for _, u := range unjudged {
		text += fmt.Sprintf("; of %s: %s", u.Name, u.Reason)
	}
	return text + "."
}

func (r Ranking) ofSeveral(clusters int) string {
	return fmt.Sprintf("%s hold data of %d different clusters.", recovery.Words(r.names()), clusters)
}

func cannotBe(n *Node, best Candidate) string {
	return fmt.Sprintf(
		"%s has more than %s, and cannot be the seed as it is: %s.",
		n.Name,
		best.Name,
		unfit(n.Evidence).words(n.Evidence),
	)
}

func longerHistory(n *Node, best Candidate) string {
	return fmt.Sprintf(
		"%s and %s have data of different clusters, and the history in that of %s is the longer one.",
		best.Name,
		n.Name,
		n.Name,
	)
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
		if reason := unfit(e).words(e); !slices.Contains(problems, reason) {
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
