package recovery

import (
	"fmt"
)

// stands says how an operation that was begun has left things, on either side of the point of no return; "" where
// nothing was begun, or all is done. parked is where the manifest of a member is kept.
func (j *Journal) stands(parked string) string {
	switch {
	case j == nil || j.finished():
		return ""
	case j.Operation == OperationSeed:
		return j.seedStands()
	}
	return j.memberStands(parked)
}

func (j *Journal) seedStands() string {
	kept, moved, stopped := j.mark(markOldData), j.nodes(markMoved), j.nodes(markStopped)
	const beyond = "The point of no return is passed: do not start etcd on the other masters with their old data."
	const before = "Nothing was forced, and no data was changed: the point of no return is not reached."
	switch {
	case j.mark(markUnforced) != "":
		return fmt.Sprintf(
			"the new cluster runs on %s, without the flag; the data from before is in %s. %s",
			j.Master,
			kept,
			beyond,
		)
	case j.mark(markForced) != "":
		return fmt.Sprintf("a new cluster was forced on %s; the data from before is in %s. %s", j.Master, kept, beyond)
	case j.mark(markForcing) != "":
		return fmt.Sprintf(
			"etcd may have rewritten its log on %s with the force flag, which was not confirmed yet; its data from "+
				"before is whole in %s. Going on is the way.",
			j.Master,
			kept,
		)
	case kept != "":
		return fmt.Sprintf(
			"etcd is stopped on %s, and the data of %s is copied to %s. %s",
			words(stopped),
			j.Master,
			kept,
			before,
		)
	case len(moved) > 0:
		return fmt.Sprintf(
			"etcd's manifests may have been moved out of the kubelet's folders of %s. %s",
			words(moved),
			before,
		)
	}
	return ""
}

// memberStands tells of a join. The cluster is never on any side of anything here: it works without this master, before
// and after.
func (j *Journal) memberStands(parked string) string {
	kept := j.mark(markOldData)
	in := kept
	if in == "" {
		in = "no place, as there was none"
	}
	switch {
	case j.mark(markVoter) != "":
		return fmt.Sprintf(
			"%s is a voter of the cluster now, as member %s; its data from before is in %s. What is left is to check "+
				"the end state.",
			j.Master,
			j.mark(markVoter),
			in,
		)
	case j.mark(markLearner) != "":
		return fmt.Sprintf(
			"%s was added to the cluster as learner %s, which does not count for the quorum; its data from before is "+
				"in %s. The other members work on.",
			j.Master,
			j.mark(markLearner),
			in,
		)
	case kept != "":
		return fmt.Sprintf(
			"etcd is stopped on %s and its data from before is in %s. The other members work on.",
			j.Master,
			kept,
		)
	}
	if keep := j.mark(markKeepData); keep != "" {
		text := fmt.Sprintf(
			"etcd is stopped on %s, and its data from before may be in %s already, or partly in %[2]s.moving",
			j.Master,
			keep,
		)
		if wal := j.mark(markKeepWAL); wal != "" {
			text += fmt.Sprintf(", its log in %s, or partly in %[1]s.moving", wal)
		}
		return text + ". The other members work on. Going on is the way: do not put its manifest back over an empty " +
			"data folder."
	}
	text := fmt.Sprintf("etcd may be stopped on %s", j.Master)
	if parked != "" {
		text += ", with its manifest at " + parked
	}
	text += ". Its data is where it was, and the other members work on."
	if id := j.mark(markRemoved); id != "" {
		text += fmt.Sprintf(
			" The entry that was left of it (%s) is removed from the cluster, so going on is the way.",
			id,
		)
	}
	return text
}

// earlier is how things are left by a run that has changed nothing: as an earlier one left them.
func earlier(stands string) string {
	if stands == "" {
		return nothingTouched
	}
	return "nothing this time. An earlier apply left it so: " + stands
}

// afterEarlier makes a refusal that comes before any change say how things stand from an earlier apply.
func afterEarlier(err error, stands string) error {
	r, ok := IsRefusal(err)
	if !ok {
		return err
	}
	now := *r
	now.Untouched = earlier(stands)
	return &now
}
