//go:build linux

package steps

import "strings"

// Names of steps, short enough for a table.
const (
	Lock        = "take the lock" // in no journal: nothing is changed yet
	Check       = "check that all is as planned"
	Stop        = "stop etcd"
	Copy        = "copy the data aside, compare"
	Force       = "start with the force flag"
	Unforce     = "restart without the flag"
	Address     = "correct the peer URL"
	RemoveStale = "remove the stale entry"
	MoveAside   = "move the old data aside"
	Add         = "add as a learner"
	Start       = "write the manifest, start"
	CatchUp     = "catch up with the leader"
	Promote     = "promote to a voter"
	Confirm     = "check the end state"
)

// Short makes a name of a step's title, which has paths and reasons in it. A title that is not known is cut.
func Short(title string) string {
	for _, n := range []struct{ prefix, name string }{
		{"take the lock", Lock},
		{"check that ", Check},
		{"stop etcd", Stop},
		{"copy ", Copy},
		{"write the forced manifest", Force},
		{"take the flag out", Unforce},
		{"make the recorded peer URL", Address},
		{"remove the entry", RemoveStale},
		{"move what is in", MoveAside},
		{"nothing is in", MoveAside},
		{"add it as a learner", Add},
		{"write the manifest", Start},
		{"wait until it has applied", CatchUp},
		{"promote it", Promote},
		{"check the end state", Confirm},
	} {
		if strings.HasPrefix(title, n.prefix) {
			return n.name
		}
	}
	return title[:min(len(title), 30)]
}
