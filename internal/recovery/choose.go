package recovery

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// Choose picks the master to grow the cluster from, and says why. A forced start keeps what the seed knows to be committed and drops the
// rest, so the one that keeps most loses least. Of those that keep the same, the one with the longer log comes first, by Raft's own rule:
// the term of the last entry, then its index. Where the evidence does not decide, it is the operator who names the master.
func Choose(all map[string]Evidence) (name, reason string, err error) {
	var candidates, unjudged []Evidence
	for _, e := range sorted(all) {
		if e.Reach == Reached && len(e.Problems) > 0 && (e.DataDir == "" || e.Readable) {
			unjudged = append(unjudged, e)
		}
		if e.Reach == Reached && e.Readable && e.Damage == "" && len(e.Problems) == 0 && !e.learner() && (e.Stopped == nil || !e.Stopped.Removed) {
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
	clusters := map[etcd.ID]bool{}
	kept := map[string]uint64{}
	for _, e := range candidates {
		index, known := e.keeps()
		if !known {
			return "", "", refuse(fmt.Sprintf("%s all have data, and how far the log of %s goes is not known.%s", words(names(candidates)), e.Name, e.unread()))
		}
		kept[e.Name], clusters[e.cluster()] = index, true
	}
	if len(clusters) > 1 {
		return "", "", refuse(fmt.Sprintf("%s hold data of %d different clusters.", words(names(candidates)), len(clusters)))
	}
	slices.SortStableFunc(candidates, func(a, b Evidence) int {
		return cmp.Or(cmp.Compare(kept[b.Name], kept[a.Name]), cmp.Compare(b.tail().term, a.tail().term), cmp.Compare(b.tail().index, a.tail().index))
	})
	best, second := candidates[0], candidates[1]
	if kept[best.Name] == kept[second.Name] {
		return best.Name, fmt.Sprintf("%s and %s are equally far (a forced start keeps the log up to entry %d on either)", best.Name, second.Name, kept[best.Name]), nil
	}
	return best.Name, fmt.Sprintf("a forced start keeps most on %s, the log up to entry %d; next is %s with %d", best.Name, kept[best.Name], second.Name, kept[second.Name]), nil
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
		if e.Damage != "" {
			text += fmt.Sprintf("\n  %s: the data in %s cannot be used: %s", e.Name, e.DataDir, e.Damage)
		}
	}
	return text
}
