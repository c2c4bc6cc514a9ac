package planner

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Candidate is a master from which a cluster could be grown.
type Candidate struct {
	Name string
	recovery.Progress
	Loss    Loss
	lineage *Lineage
}

// RuledOut is a master from which none can be.
type RuledOut struct {
	Name, Reason string
	HasData      bool
	unread       bool // it answers, and may have data that could not be read
}

// Ranking orders the masters by what a forced start keeps on each.
type Ranking struct {
	Candidates []Candidate // the best one first
	Out        []RuledOut
	weighed    []Candidate // all whose data counts in what is lost, whether they can be the seed or not
	// Undecided is why the evidence does not decide, and the operator has to; "" where the first candidate is the
	// choice.
	Undecided string
}

// Rank ranks masters. A forced start keeps what the seed knows to be committed and drops the rest of its log, so the
// one that keeps most loses least. Of those that keep the same, the one whose log goes further comes first, by Raft's
// own rule; then the order of the names. A learner, a removed member and damaged data cannot be forced. Lost are the
// masters that were given up.
func Rank(s recovery.Survey, lost []string) Ranking { return takeCensus(s).rank(lost) }

func (c *Census) rank(lost []string) Ranking {
	var r Ranking
	var unjudged []RuledOut // of which it is not known what they have
	for _, n := range c.Nodes {
		p, known := n.Progress()
		reason, by := unfit(n.Evidence), c.removedFor(n)
		if known && by == "" { // what a removed member has is of a past that the others have left
			r.weighed = append(r.weighed, Candidate{Name: n.Name, Progress: p, lineage: n.Lineage})
		}
		if reason == "" && by != "" {
			reason = fmt.Sprintf("%s knows that its member was removed from the cluster: do not start etcd there", by)
		}
		out := RuledOut{Name: n.Name, Reason: reason, HasData: n.Readable}
		switch {
		case n.Reach != recovery.Reached && slices.Contains(lost, n.Name):
			out.Reason = "given up"
			r.Out = append(r.Out, out)
		case n.Reach != recovery.Reached:
			out.Reason = "it cannot be examined; if it is gone for good, name it in lost_nodes"
			unjudged = append(unjudged, out)
		case !known && n.mayHaveData():
			out.Reason, out.unread = n.unread(), n.Readable || n.unsure()
			unjudged = append(unjudged, out)
		case forsaken(n.Evidence):
			out.Reason = "a forced start that was given up has been at its data"
			r.Out = append(r.Out, out)
		case n.Holds == Damaged && n.Damage != "":
			unjudged = append(unjudged, out)
		case reason != "":
			r.Out = append(r.Out, out)
		default:
			r.Candidates = append(r.Candidates, Candidate{Name: n.Name, Progress: p, lineage: n.Lineage})
		}
	}
	if len(r.Candidates) == 0 && len(unjudged) == 1 {
		if n := c.find(unjudged[0].Name); n.Readable && unfit(n.Evidence) == "" {
			r.Candidates = []Candidate{{Name: n.Name, lineage: n.Lineage}} // it is this one or none
		}
	}
	slices.SortStableFunc(
		r.Candidates,
		func(a, b Candidate) int { return cmp.Or(cmp.Compare(b.Kept, a.Kept), a.Further(b.Progress)) },
	)
	for i := range r.Candidates {
		r.Candidates[i].Loss = c.lossOf(r.Candidates[i], r.weighed)
		r.Candidates[i].Loss.doubt(unjudged, r.Candidates[i].Name)
	}
	for _, u := range unjudged {
		if r.candidate(u.Name) == nil {
			r.Out = append(r.Out, u)
		}
	}
	slices.SortFunc(r.Out, func(a, b RuledOut) int { return cmp.Compare(a.Name, b.Name) })
	r.Undecided = r.undecided(c, unjudged)
	return r
}

// undecided says why nobody but the operator can choose.
func (r Ranking) undecided(c *Census, unjudged []RuledOut) string {
	if len(r.Candidates) == 0 {
		text := "none of the surveyed masters has a readable log and database and a usable manifest."
		for _, o := range r.Out {
			if n := c.find(o.Name); o.HasData && forsaken(n.Evidence) {
				text += fmt.Sprintf(" On %s %s.", o.Name, o.Reason)
			}
		}
		return text
	}
	if len(unjudged) > 0 && r.Candidates[0].Name != unjudged[0].Name {
		// Left out silently, the master with the data would lose to one that has next to nothing.
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
	if text := c.contradiction(); text != "" {
		return text
	}
	best := r.Candidates[0]
	lineages := map[*Lineage]bool{}
	for _, o := range r.Candidates {
		lineages[o.lineage] = true
	}
	if len(lineages) > 1 {
		return fmt.Sprintf("%s hold data of %d different clusters.", recovery.Words(r.names()), len(lineages))
	}
	for _, w := range r.weighed {
		switch n := c.find(w.Name); {
		case forsaken(n.Evidence):
		case w.lineage == best.lineage && w.Kept > best.Kept:
			return fmt.Sprintf(
				"%s has more than %s, and cannot be the seed as it is: %s.",
				w.Name,
				best.Name,
				unfit(n.Evidence),
			)
		case w.lineage != best.lineage && w.KeptRevision > best.KeptLeast:
			return fmt.Sprintf(
				"%s and %s have data of different clusters, and the history in that of %s is the longer one.",
				best.Name,
				w.Name,
				w.Name,
			)
		}
	}
	return ""
}

// Best is the master to choose, "" where the evidence does not decide.
func (r Ranking) Best() string {
	if r.Undecided != "" {
		return ""
	}
	return r.Candidates[0].Name
}

// candidate finds one by its name, nil where the master is none.
func (r Ranking) candidate(name string) *Candidate {
	for i := range r.Candidates {
		if r.Candidates[i].Name == name {
			return &r.Candidates[i]
		}
	}
	return nil
}

// bestBeside is the candidate to choose in the place of another one of the same lineage, "" where there is none.
func (r Ranking) bestBeside(name string) string {
	own := r.candidate(name)
	for _, c := range r.Candidates {
		if own != nil && c.Name != name && c.lineage == own.lineage && c.Kept > own.Kept {
			return c.Name
		}
	}
	return ""
}

func (r Ranking) names() []string {
	var all []string
	for _, c := range r.Candidates {
		all = append(all, c.Name)
	}
	slices.Sort(all)
	return all
}

func namesOf(list []RuledOut) []string {
	var all []string
	for _, o := range list {
		all = append(all, o.Name)
	}
	return all
}

// mayHaveData reports whether data is on a node, or may be.
func (n *Node) mayHaveData() bool {
	return n.Damage == "" && (n.Readable || n.Holds == Unknown &&
		(n.Running || len(n.Problems) > 0 || n.EmptyUnknown != "" || n.StrayData != "" || n.DataDir != ""))
}

// unread says why it is not known how far a member's data goes.
func (n *Node) unread() string {
	switch {
	case n.Running && n.ManifestPath != "":
		return fmt.Sprintf(
			"etcd runs there and does not answer (%s), and its data cannot be read beside it (%s); stop it (move %s "+
				"away), and look again",
			n.StatusError,
			n.Unread,
			n.ManifestPath,
		)
	case n.Unread != "":
		return n.Unread
	case n.Holds == Unknown && n.Why != "":
		return n.Why
	case len(n.Problems) > 0:
		return n.Problems[0]
	}
	return "its data was not read"
}

// unfit says why a master cannot be a seed, "" where it can.
func unfit(e recovery.Evidence) string {
	switch {
	case e.Damage != "":
		return fmt.Sprintf("the data in %s cannot be used: %s", e.DataDir, e.Damage)
	case e.TooNew != "":
		return e.TooNew
	case e.DataDir != "" && !e.Readable:
		return noData(e)
	case len(e.Problems) > 0:
		return e.Problems[0]
	case e.NoManifest:
		return "there is no etcd manifest"
	case e.Learner():
		return "it is a learner: a forced start panics there (\"removed all voters\")"
	case unlisted(e):
		return "it has not learned yet that it was added to the cluster: a forced start panics there (\"removed all " +
			"voters\")"
	case e.Disk != nil && e.Disk.Removed:
		return "its member was removed from the cluster: a forced start panics there (\"removed all voters\", " +
			"etcd-io/etcd#13848)"
	}
	return ""
}

// unlisted reports whether a running member is not in its own list, since it has not applied the entry that added it.
func unlisted(e recovery.Evidence) bool {
	return e.Status != nil && len(e.Members) > 0 && !lists(e.Members, e.Status.MemberID)
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
