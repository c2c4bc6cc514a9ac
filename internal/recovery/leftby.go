package recovery

import "slices"

// LeftBy returns the ID of the recovery that has stopped a node and then forced a new cluster of the one whose data the
// node has, "" where no journal of the surveyed nodes tells of one: whoever else has moved its manifest has not
// accepted that the new cluster may have less.
func (s Survey) LeftBy(e Evidence) string {
	for _, o := range s {
		for _, j := range o.Journals {
			if j.Operation == OperationSeed && o.Name != e.Name && j.Reached(PhaseForced) && j.Cluster != 0 &&
				j.Cluster == e.Cluster() && slices.Contains(j.Stopped, e.Name) {
				return j.ID
			}
		}
	}
	return ""
}
