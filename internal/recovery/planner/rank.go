package planner

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Candidate is a master from which a cluster could be grown.
type Candidate struct {
	Name string
	recovery.Progress
	Loss Loss
}

// RuledOut is a master from which none can be.
type RuledOut struct {
	Name, Reason string
	HasData      bool
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
func Rank(all recovery.Survey, lost []string) Ranking {
	var r Ranking
	var unjudged []RuledOut // of which it is not known what they have
	for _, e := range all {
		p, known := e.Progress()
		reason, by := unfit(e), removedFor(e, all)
		if known && by == "" { // what a removed member has is of a past that the others have left
			r.weighed = append(r.weighed, Candidate{Name: e.Name, Progress: p})
		}
		if reason == "" && by != "" {
			reason = fmt.Sprintf("%s knows that its member was removed from the cluster: do not start etcd there", by)
		}
		switch {
		case e.Reach != recovery.Reached && slices.Contains(lost, e.Name):
			r.Out = append(r.Out, RuledOut{Name: e.Name, Reason: "given up"})
		case e.Reach != recovery.Reached:
			unjudged = append(
				unjudged,
				RuledOut{Name: e.Name, Reason: "it cannot be examined; if it is gone for good, name it in lost_nodes"},
			)
		case e.Damage != "":
			unjudged = append(unjudged, RuledOut{Name: e.Name, Reason: reason, HasData: e.Readable})
		case !known && mayHaveData(e):
			unjudged = append(unjudged, RuledOut{Name: e.Name, Reason: unread(e), HasData: e.Readable})
		case reason != "":
			r.Out = append(r.Out, RuledOut{Name: e.Name, Reason: reason, HasData: e.Readable})
		default:
			r.Candidates = append(r.Candidates, Candidate{Name: e.Name, Progress: p})
		}
	}
	if len(r.Candidates) == 0 && len(unjudged) == 1 && all.Node(unjudged[0].Name).Readable &&
		unfit(all.Node(unjudged[0].Name)) == "" {
		r.Candidates = []Candidate{{Name: unjudged[0].Name}} // it is this one or none
	}
	slices.SortStableFunc(
		r.Candidates,
		func(a, b Candidate) int { return cmp.Or(cmp.Compare(b.Kept, a.Kept), a.Further(b.Progress)) },
	)
	for i := range r.Candidates {
		r.Candidates[i].Loss = lossOf(r.Candidates[i], r.weighed, all)
		r.Candidates[i].Loss.Unjudged = namesOf(unjudged)
	}
	for _, u := range unjudged {
		if r.candidate(u.Name) == nil {
			r.Out = append(r.Out, u)
		}
	}
	slices.SortFunc(r.Out, func(a, b RuledOut) int { return cmp.Compare(a.Name, b.Name) })
	r.Undecided = r.undecided(all, unjudged)
	return r
}

// undecided says why nobody but the operator can choose.
func (r Ranking) undecided(all recovery.Survey, unjudged []RuledOut) string {
	if len(r.Candidates) == 0 {
		return "none of the surveyed masters has a readable log and database and a usable manifest."
	}
	if len(unjudged) > 0 && r.Candidates[0].Name != unjudged[0].Name {
		// Left out silently, the master with the data would lose to one that has next to nothing.
		text := fmt.Sprintf(
			"%s could be the seed, but what %s has is not known, and it may be more",
			recovery.Words(r.names()),
			recovery.Words(namesOf(unjudged)),
		)
		for _, u := range unjudged {
			text += fmt.Sprintf("; of %s: %s", u.Name, u.Reason)
		}
		return text + "."
	}
	clusters := map[etcd.ID]bool{}
	for _, c := range r.Candidates {
		clusters[c.Cluster] = true
	}
	if len(clusters) > 1 {
		return fmt.Sprintf("%s hold data of %d different clusters.", recovery.Words(r.names()), len(clusters))
	}
	best := r.Candidates[0]
	for _, w := range r.weighed {
		if w.Cluster == best.Cluster && w.Kept > best.Kept {
			return fmt.Sprintf(
				"%s has more than %s, and cannot be the seed as it is: %s.",
				w.Name,
				best.Name,
				unfit(all.Node(w.Name)),
			)
		}
	}
	return contradiction(all, best.Cluster)
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

// mayHaveData is true of a master on which data is, or may be.
func mayHaveData(e recovery.Evidence) bool {
	return e.Damage == "" && (e.Readable || e.DataDir == "" && (e.Running || len(e.Problems) > 0))
}

// unread says why it is not known how far a member's data goes.
func unread(e recovery.Evidence) string {
	switch {
	case e.Running:
		return fmt.Sprintf(
			"etcd runs there and does not answer (%s), and its data cannot be read beside it (%s); stop it (move %s "+
				"away), and look again",
			e.StatusError,
			e.Unread,
			e.ManifestPath,
		)
	case e.Unread != "":
		return e.Unread
	case len(e.Problems) > 0:
		return e.Problems[0]
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
	case e.Disk != nil && e.Disk.Removed:
		return "its member was removed from the cluster: a forced start panics there (\"removed all voters\", " +
			"etcd-io/etcd#13848)"
	}
	return ""
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
