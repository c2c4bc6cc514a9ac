package recovery

import (
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// Left is what a recovery has left behind on purpose when it forced a new cluster of another node.
type Left struct {
	Member etcd.ID // whose data the node had, 0 where that was not known
}

// LeftBy returns the ID of the recovery that has stopped a node and then forced a new cluster of the one whose data the
// node still has, "" where no journal of the surveyed nodes tells of one: whoever else has moved its manifest has not
// accepted that the new cluster may have less. It is not left behind any more when it has joined since, or when the
// forced cluster is gone: one that answers with less than that began with was founded anew on a wiped disk, under its
// IDs. A recovery that was abandoned has left nothing behind.
func (s Survey) LeftBy(e Evidence) string {
	for _, o := range s {
		for _, j := range o.Journals {
			if j.Operation == OperationSeed && o.Name != e.Name && j.Phase != PhaseAbandoned &&
				j.Reached(PhaseForced) && j.Cluster != 0 &&
				j.Cluster == e.Cluster() && slices.Contains(j.Stopped, e.Name) && j.hasLeft(e) && s.goesOn(&j, o) {
				return j.ID
			}
		}
	}
	return ""
}

// hasLeft reports whether a node's data is that of the member which the recovery has stopped there: nobody's where the
// node had none then. Journals of older versions do not tell whose that was; a join that was settled later has taken
// its place, and a cluster that was forced from it later has gone on with it.
func (j *Journal) hasLeft(e Evidence) bool {
	if slices.ContainsFunc(e.Journals, func(k Journal) bool {
		return k.Operation == OperationMember && k.settled() && k.last().After(j.forcedAt()) ||
			k.Operation == OperationSeed && k.Reached(PhaseForced) && k.forcedAt().After(j.forcedAt())
	}) {
		return false
	}
	left, known := j.Left[e.Name]
	told := j.Revision != 0 || j.Left != nil
	return !told || known && (left.Member == 0 || left.Member == e.memberID())
}

// goesOn reports whether the cluster that a recovery has forced is still there: on its seed, or where it answers, and
// there not with less than it began with.
func (s Survey) goesOn(j *Journal, seed Evidence) bool {
	there := seed.Cluster() == j.Cluster
	for _, o := range s {
		if !o.Quorum || o.Cluster() != j.Cluster {
			continue
		}
		if o.Status != nil && o.Status.Revision < j.Revision {
			return false
		}
		there = true
	}
	return there
}
