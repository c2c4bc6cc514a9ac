package recovery

import (
	"cmp"
	"fmt"
	"slices"
)

// Choose picks the master to grow the cluster from, and says why. A forced start keeps what is committed on the seed and drops the
// rest, so the furthest commit index loses least. Where the evidence does not decide, it is the operator who names the master.
func Choose(all map[string]Evidence) (name, reason string, err error) {
	var candidates, unjudged []Evidence
	for _, e := range sorted(all) {
		if e.Reach == Reached && len(e.Problems) > 0 && (e.DataDir == "" || e.Readable) {
			unjudged = append(unjudged, e)
		}
		if e.Reach == Reached && e.Readable && len(e.Problems) == 0 && (e.Status == nil || !e.Status.Learner) {
			candidates = append(candidates, e)
		}
	}
	refuse := func(found string) error {
		return &Refusal{Title: "No Seed Can Be Chosen", Found: found, Untouched: nothingTouched, Attribute: "node",
			Next: "put right what is wrong with the masters named above and plan again; or decide which one has the data to keep, and name it with node = \"…\"."}
	}
	if len(candidates) > 0 && len(unjudged) > 0 {
		// Left out silently, the master with the data would lose to one that has next to nothing.
		return "", "", refuse(fmt.Sprintf("%s could be the seed, but what %s has cannot be judged, and it may be more.%s", words(names(candidates)), words(names(unjudged)), problemsOf(all)))
	}
	switch len(candidates) {
	case 0:
		return "", "", refuse("none of the surveyed masters has a readable log and database and a usable manifest." + problemsOf(all))
	case 1:
		return candidates[0].Name, fmt.Sprintf("%s is the only master with readable etcd data", candidates[0].Name), nil
	}
	clusters := map[string]bool{}
	for _, e := range candidates {
		if e.Status == nil {
			return "", "", refuse(fmt.Sprintf("%s all have data, and %s is stopped, so how far its log goes cannot be compared.", words(names(candidates)), e.Name))
		}
		clusters[e.Status.ClusterID.String()] = true
	}
	if len(clusters) > 1 {
		return "", "", refuse(fmt.Sprintf("%s hold data of %d different clusters.", words(names(candidates)), len(clusters)))
	}
	slices.SortStableFunc(candidates, func(a, b Evidence) int { return cmp.Compare(b.Status.RaftIndex, a.Status.RaftIndex) })
	best, second := candidates[0], candidates[1]
	if best.Status.RaftIndex == second.Status.RaftIndex {
		return best.Name, fmt.Sprintf("%s and %s are equally far (commit index %d)", best.Name, second.Name, best.Status.RaftIndex), nil
	}
	return best.Name, fmt.Sprintf("%s has the furthest commit index, %d; next is %s with %d", best.Name, best.Status.RaftIndex, second.Name, second.Status.RaftIndex), nil
}

func problemsOf(all map[string]Evidence) string {
	text := ""
	for _, e := range sorted(all) {
		if e.ReachError != "" {
			text += fmt.Sprintf("\n  %s: %s", e.Name, e.ReachError)
		}
		for _, p := range e.Problems {
			text += fmt.Sprintf("\n  %s: %s", e.Name, p)
		}
	}
	return text
}
