package recovery

import (
	"errors"
	"fmt"
)

// Stands says how an operation that was begun has left things, on either side of the point of no return; "" where
// nothing was begun, or all is done. parked is where the manifest of a member is kept.
func (j *Journal) Stands(parked string) string {
	switch {
	case !j.Open():
		return ""
	case j.Operation == OperationSeed:
		return j.SeedStands()
	}
	return j.memberStands(parked)
}

// SeedStands says the same of a recovery that may be finished.
func (j *Journal) SeedStands() string {
	const beyond = "The point of no return is passed: do not start etcd on the other masters with their old data."
	const before = "Nothing was forced, and no data was changed: the point of no return is not reached."
	kept := j.Copy().Data
	switch {
	case j.Reached(PhaseUnforced):
		return fmt.Sprintf(
			"the new cluster runs on %s, without the flag; the data from before is in %s. %s",
			j.Master,
			kept,
			beyond,
		)
	case j.Reached(PhaseForced):
		return fmt.Sprintf("a new cluster was forced on %s; the data from before is in %s. %s", j.Master, kept, beyond)
	case j.Reached(PhaseForcing):
		return fmt.Sprintf(
			"etcd may have rewritten its log on %s with the force flag, which was not confirmed yet; its data from "+
				"before is whole in %s. Going on is the way.",
			j.Master,
			kept,
		)
	case j.Reached(PhaseCopied):
		return fmt.Sprintf(
			"etcd is stopped on %s, and the data of %s is copied to %s. %s",
			Words(j.Stopped),
			j.Master,
			kept,
			before,
		)
	case j.Reached(PhaseStopped):
		return fmt.Sprintf("etcd is stopped on %s. %s", Words(j.Stopped), before)
	case len(j.Moved) > 0:
		return fmt.Sprintf(
			"etcd's manifests may have been moved out of the kubelet's folders of %s. %s",
			Words(j.Moved),
			before,
		)
	case len(j.Older) > 0:
		return fmt.Sprintf("copies of what %s had before etcd ran again are in %s. %s", j.Master, kept, before)
	}
	return ""
}

// memberStands tells of a join. The cluster is never on any side of anything here: it works without this master, before
// and after.
func (j *Journal) memberStands(parked string) string {
	in := j.Places.Data
	if in == "" {
		in = "no place, as there was none"
	}
	switch {
	case j.Reached(PhaseVoter):
		return fmt.Sprintf(
			"%s is a voter of the cluster now, as member %s; its data from before is in %s. What is left is to check "+
				"the end state.",
			j.Master,
			j.Voter,
			in,
		)
	case j.Reached(PhaseAdded):
		return fmt.Sprintf(
			"%s was added to the cluster as learner %s, which does not count for the quorum; its data from before is "+
				"in %s. The other members work on.",
			j.Master,
			j.Learner,
			in,
		)
	case j.Reached(PhaseMoved):
		return fmt.Sprintf(
			"etcd is stopped on %s and its data from before is in %s. The other members work on.",
			j.Master,
			in,
		)
	case j.Reached(PhaseMoving):
		text := fmt.Sprintf(
			"etcd is stopped on %s, and its data from before may be in %s already, or partly in %[2]s.moving",
			j.Master,
			j.Places.Data,
		)
		if wal := j.Places.WAL; wal != "" {
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
	if j.Removed != "" {
		text += fmt.Sprintf(
			" The entry that was left of it (%s) is removed from the cluster, so going on is the way.",
			j.Removed,
		)
	}
	return text
}

// Earlier is how things are left by a run that has changed nothing: as an earlier one left them.
func Earlier(stands string) string {
	if stands == "" {
		return NothingTouched
	}
	return "nothing this time. An earlier apply left it so: " + stands
}

// AfterEarlier makes refusals that come before any change say how things stand from an earlier apply.
func AfterEarlier(err error, stands string) error {
	var all []error
	for _, r := range Refusals(err) {
		now := *r
		now.Untouched = Earlier(stands)
		all = append(all, &now)
	}
	switch len(all) {
	case 0:
		return err
	case 1:
		return all[0]
	}
	return errors.Join(all...)
}
