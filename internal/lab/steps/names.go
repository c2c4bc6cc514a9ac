//go:build linux

package steps

import "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"

// Name is that of a step, short enough for a table. A lock is in no journal: nothing is changed yet.
func Name(id recovery.StepID) string {
	name, ok := map[recovery.StepID]string{
		recovery.StepLock:        "take the lock",
		recovery.StepCheck:       "check that all is as planned",
		recovery.StepStopOthers:  "stop etcd on the others",
		recovery.StepStopSeed:    "stop etcd on the seed",
		recovery.StepCopy:        "copy the data aside, compare",
		recovery.StepForce:       "start with the force flag",
		recovery.StepUnforce:     "restart without the flag",
		recovery.StepPeerURL:     "correct the peer URL",
		recovery.StepStop:        "stop etcd",
		recovery.StepRemoveStale: "remove the stale entry",
		recovery.StepMoveAside:   "move the old data aside",
		recovery.StepAddLearner:  "add as a learner",
		recovery.StepStart:       "write the manifest, start",
		recovery.StepCatchUp:     "catch up with the leader",
		recovery.StepPromote:     "promote to a voter",
		recovery.StepConfirm:     "check the end state",
	}[id]
	if !ok {
		return string(id)
	}
	return name
}
