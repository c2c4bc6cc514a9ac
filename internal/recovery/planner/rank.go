package planner

import (
	"cmp"
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
		why, by := unfit(n.Evidence), c.removedFor(n)
		if known && by == "" { // what a removed member has is of a past that the others have left
			r.weighed = append(r.weighed, Candidate{Name: n.Name, Progress: p, lineage: n.Lineage})
		}
		out := RuledOut{Name: n.Name, Reason: cmp.Or(why.words(n.Evidence), removedBy(by)), HasData: n.Readable}
		switch {
		case n.Reach != recovery.Reached && slices.Contains(lost, n.Name):
			out.Reason = isGivenUp
			r.Out = append(r.Out, out)
		case n.Reach != recovery.Reached:
			out.Reason = isNotExamined
			unjudged = append(unjudged, out)
		case !known && n.mayHaveData():
			out.Reason, out.unread = n.unread(), n.Readable || n.unsure()
			unjudged = append(unjudged, out)
		case forsaken(n.Evidence):
			out.Reason = isForsaken
			r.Out = append(r.Out, out)
		case n.Holds == Damaged && n.Damage != "":
			unjudged = append(unjudged, out)
		case why != "" || by != "":
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

// undecided says why nobody but the operator can choose, "" where the first candidate is the choice.
func (r Ranking) undecided(c *Census, unjudged []RuledOut) string {
	if len(r.Candidates) == 0 {
		return r.nobody(c)
	}
	if len(unjudged) > 0 && r.Candidates[0].Name != unjudged[0].Name {
		// Left out silently, the master with the data would lose to one that has next to nothing.
		return r.mayHaveMore(unjudged)
	}
	if found := c.contradiction(); found != nil {
		return found.words()
	}
	best := r.Candidates[0]
	lineages := map[*Lineage]bool{}
	for _, o := range r.Candidates {
		lineages[o.lineage] = true
	}
	if len(lineages) > 1 {
		return r.ofSeveral(len(lineages))
	}
	for _, w := range r.weighed {
		switch n := c.find(w.Name); {
		case forsaken(n.Evidence):
		case w.lineage == best.lineage && w.Kept > best.Kept:
			return cannotBe(n, best)
		case w.lineage != best.lineage && w.KeptRevision > best.KeptLeast:
			return longerHistory(n, best)
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
		(n.Running || len(n.Problems) > 0 || n.Unknown.Data != "" || n.StrayData != "" || n.DataDir != ""))
}

// flaw is why a node cannot be a seed; "" where it can.
type flaw string

const (
	flawDamaged    flaw = "damaged"
	flawTooNew     flaw = "too-new"
	flawNoData     flaw = "no-data"
	flawProblem    flaw = "problem"
	flawNoManifest flaw = "no-manifest"
	flawLearner    flaw = "learner"
	flawUnlisted   flaw = "unlisted"
	flawRemoved    flaw = "removed"
)

// unfit says why a node cannot be a seed, by what is on it alone.
func unfit(e recovery.Evidence) flaw {
	switch {
	case e.Damage != "":
		return flawDamaged
	case e.TooNew != "":
		return flawTooNew
	case e.DataDir != "" && !e.Readable:
		return flawNoData
	case len(e.Problems) > 0:
		return flawProblem
	case e.NoManifest:
		return flawNoManifest
	case e.Learner():
		return flawLearner
	case unlisted(e):
		return flawUnlisted
	case e.Disk != nil && e.Disk.Removed:
		return flawRemoved
	}
	return ""
}

// unlisted reports whether a running member is not in its own list, since it has not applied the entry that added it.
func unlisted(e recovery.Evidence) bool {
	return e.Status != nil && len(e.Members) > 0 && !lists(e.Members, e.Status.MemberID)
}
