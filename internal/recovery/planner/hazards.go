package planner

import (
	"fmt"
	"slices"

	"github.com/coreos/go-semver/semver"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// hazard is a fault of etcd that a forced start, or the joins after it, can meet. It is in every version before the one
// in which its line of releases was fixed; a line that is not named has it in all its releases if it comes before the
// first one named, else in none.
type hazard struct {
	mended []semver.Version // by line, oldest first
	meets  func(seed recovery.Evidence, all recovery.Survey) bool
	text   string
}

// knownHazards are from etcd's change logs.
func knownHazards() []hazard {
	always := func(recovery.Evidence, recovery.Survey) bool { return true }
	return []hazard{
		{
			recovery.CommitMended(),
			always,
			"members that join after a forced start can get other data than the seed, unless etcd was stopped in an " +
				"orderly way before (etcd-io/etcd#14009; this provider does that, and refuses a seed that does not " +
				"run)",
		},
		{
			[]semver.Version{recovery.Release(5, 25), recovery.Release(6, 6)},
			withLearner,
			"a learner of the old cluster can survive the forced start (mended in 3.5.25 and 3.6.6); the end of the " +
				"step looks for it, and stops",
		},
		{
			[]semver.Version{recovery.Release(5, 24), recovery.Release(6, 4)},
			always,
			"the promotion of a learner is not written to the database; after a later upgrade to 3.6 the member can " +
				"be a learner again (mended in 3.5.24 and 3.6.4): bring etcd to 3.5.26 before any upgrade to 3.6",
		},
		{
			[]semver.Version{recovery.Release(5, 26)},
			always,
			"members that were removed can come back at a later upgrade to 3.6 (mended in 3.5.26): start every " +
				"member once with 3.5.26 or later before that",
		},
		{
			[]semver.Version{recovery.Release(5, 23), recovery.Release(6, 5)},
			always,
			"a member that receives a snapshot while it defragments can corrupt its data (mended in 3.5.23 and " +
				"3.6.5): do not defragment while members join",
		},
		{
			[]semver.Version{recovery.Release(5, 30), recovery.Release(6, 11)},
			always,
			"a member is not added while another one is down, although the others have a quorum (mended in 3.5.30 " +
				"and 3.6.11)",
		},
		{
			[]semver.Version{recovery.Release(5, 31), recovery.Release(6, 12)},
			always,
			"an update of a learner's peer URL makes it a voter (mended in 3.5.31 and 3.6.12): do not update one " +
				"while it joins",
		},
	}
}

// withLearner is true where the cluster has, or had, a learner.
func withLearner(_ recovery.Evidence, all recovery.Survey) bool {
	for _, e := range all {
		if slices.ContainsFunc(e.KnownMembers(), func(m etcd.Member) bool { return m.Learner }) {
			return true
		}
	}
	return false
}

// hazards are those of the seed's version, all that there are where it is not known, and what other versions on the
// other masters mean.
func hazards(seed recovery.Evidence, all recovery.Survey) []string {
	v, found, is := seed.Version(), []string{}, "of a version that is not known"
	if v != nil {
		is = v.String()
	} else {
		found = append(found, fmt.Sprintf(
			"the image %s on %s does not tell etcd's version, so every fault is listed that it can have",
			seed.Image,
			seed.Name,
		))
	}
	if len(seed.Alarms) > 0 {
		found = append(found, fmt.Sprintf(
			"%s has the alarm %s, which outlives a forced start: the recovery stops at its end until it is disarmed "+
				"(compact, defragment, then etcdctl alarm disarm)",
			seed.Name,
			recovery.Words(seed.Alarms),
		))
	}
	for _, h := range knownHazards() {
		if recovery.Before(recovery.Oldest(v, seed.Disk), h.mended) && h.meets(seed, all) {
			found = append(found, fmt.Sprintf("etcd %s: %s", is, h.text))
		}
	}
	for _, e := range all {
		other := e.Version()
		switch {
		case v != nil && other != nil && (other.Minor < v.Minor || other.Minor > v.Minor+1):
			found = append(
				found,
				fmt.Sprintf(
					"%s has etcd %s, which cannot join a cluster of etcd %d.%d: give it the seed's image first",
					e.Name,
					other,
					v.Major,
					v.Minor,
				),
			)
		case (v == nil || other == nil) && e.Image != "" && e.Image != seed.Image:
			found = append(
				found,
				fmt.Sprintf(
					"whether the etcd of %s (%s) can join that of %s (%s) is not known: give it the seed's image first",
					e.Name,
					e.Image,
					seed.Name,
					seed.Image,
				),
			)
		}
	}
	return found
}
