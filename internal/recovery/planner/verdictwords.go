package planner

import (
	"fmt"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// words is the verdict in a sentence.
func (v Verdict) words(all recovery.Survey) string {
	have, unsure := recovery.Words(v.WithData), recovery.Words(v.Unsure)
	enough := len(v.WithData) >= v.quorum()
	switch {
	case v.State == Unclear:
		return fmt.Sprintf(
			"unclear: the nodes have data of %d different clusters; one that has few writes may have been founded on "+
				"an empty folder, and one may have been restored on each node by itself",
			v.clusters,
		)
	case v.State == Alive:
		text := fmt.Sprintf("alive: a quorum of %d voters answers (%s)", v.Voters, recovery.Words(v.Answers))
		return text + v.less() + v.doubts()
	case v.State == Undetermined && enough:
		return fmt.Sprintf(
			"undetermined: %s run and can elect no leader among themselves; what %s has is not known, and they may "+
				"elect one with it",
			have,
			unsure,
		)
	case v.State == Lost && enough:
		return fmt.Sprintf(
			"lost: %s run and can elect no leader: each goes by the membership that it has applied itself, and gives "+
				"no vote to a log that ends before its own",
			have,
		)
	case v.State == Startable:
		text := fmt.Sprintf(
			"startable: no quorum answers, but %d of %d voters (%s) still have their data, and %d are enough",
			len(v.WithData),
			v.Voters,
			have,
			v.quorum(),
		)
		if damaged := filter(v.WithData, func(n string) bool { return all.Node(n).Damage != "" }); len(damaged) > 0 {
			text += fmt.Sprintf(
				"; that of %s is damaged: if etcd does not start with it, move it away and look again",
				recovery.Words(damaged),
			)
		}
		return text
	case v.State == Undetermined && len(v.WithData) == 0 && v.hidden:
		return fmt.Sprintf(
			"undetermined: of %d voters none is known to have its data; what %s has is not known",
			v.Voters,
			unsure,
		)
	case v.State == Undetermined:
		return fmt.Sprintf(
			"undetermined: %d of %d voters (%s) have their data, and %d would be needed; what %s has is not known",
			len(v.WithData),
			v.Voters,
			have,
			v.quorum(),
			unsure,
		)
	case v.State == Lost:
		text := fmt.Sprintf(
			"lost: %d of %d voters (%s) still have their data, and %d would be needed",
			len(v.WithData),
			v.Voters,
			have,
			v.quorum(),
		)
		if missing := unexamined(all); len(missing) > 0 && len(v.WithData)+len(missing) >= v.quorum() {
			text += fmt.Sprintf("; unless %s, not to be examined now, still has its data", recovery.Words(missing))
		}
		return text
	}
	return v.noData(all)
}

// noData is the verdict where nobody has data, as far as anybody knows.
func (v Verdict) noData(all recovery.Survey) string {
	text := "no data: none of the surveyed masters has etcd data; only a snapshot can bring the cluster back"
	if missing := append(unexamined(all), unplaced(all)...); len(missing) > 0 {
		slices.Sort(missing)
		text = fmt.Sprintf(
			"no data: none of the masters that can be examined has etcd data; what %s has is not known",
			recovery.Words(missing),
		)
	}
	if len(v.Voteless) > 0 {
		text += fmt.Sprintf(
			"; %s has data without a vote, of a learner or of a member that was removed: no cluster can be forced on "+
				"that, and its database can be restored as a snapshot",
			recovery.Words(v.Voteless),
		)
	}
	return text
}

// unreached is the verdict where etcd runs that cannot be examined.
func (v Verdict) unreached() string {
	return fmt.Sprintf(
		"not reached: %s, and this machine cannot examine it; the cluster may be alive. Of what can be examined: %s",
		recovery.Words(v.Seen),
		v.Text,
	)
}

// less says who has what the cluster that answers never had.
func (v Verdict) less() string {
	if len(v.Ahead) == 0 {
		return ""
	}
	return ", and knows less than " + recovery.Words(v.Ahead)
}

// doubts says of whom it is not plain that this cluster has all that they have.
func (v Verdict) doubts() string {
	text := ""
	for _, d := range []struct {
		names []string
		what  string
	}{
		{v.Unsure, "; what %s has is not known"},
		{v.Unread, "; what %s has was not read"},
		{v.Strange, "; the data of %s is of another history"},
		{v.Beyond, "; %s has no vote, and more than they have, as far as that was read"},
	} {
		if len(d.names) > 0 {
			text += fmt.Sprintf(d.what, recovery.Words(d.names))
		}
	}
	return text
}
