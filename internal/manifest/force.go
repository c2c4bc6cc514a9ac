package manifest

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// forcedSuffix marks the pod of the forced start.
const forcedSuffix = "-force-new-cluster"

// Force adds --force-new-cluster=true, sets --initial-cluster-state=existing and
// appends -force-new-cluster to the pod's name.
//
// The state makes etcd fail on an empty data directory, where it would found an
// empty cluster. The name makes it another pod: a kubelet lets a changed pod of
// the same name wait for the old one, which takes 10 seconds and more.
//
// A manifest that leaves the election to etcd's own timers gets shorter ones:
// etcd waits 1 to 2 seconds for members that it is about to remove. There is
// nobody whose heartbeat could come too late in a cluster of one.
func Force(text []byte) ([]byte, error) {
	m, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if m.Forced() {
		return nil, fmt.Errorf("%w: found --%s or %s in pod %q; take it out, start from the manifest as it was", ErrForced, flagForceNewCluster, envForceNewCluster, m.podName)
	}
	if line := m.forceVariable.line; line > 0 {
		return nil, at(ErrEnvironment, line, "found %s: etcd refuses a setting that is both a variable and a flag; remove the variable", envForceNewCluster)
	}
	uid, err := fieldOf(m.metadata, "uid", yaml.ScalarNode)
	if err != nil {
		return nil, err
	}
	if uid != nil {
		return nil, at(ErrShape, uid.Line, "found metadata.uid: the kubelet tells pods apart by it, so the forced pod would not be another one; remove it")
	}
	g := goal{
		podName: m.podName + forcedSuffix,
		set: []setting{
			{flagForceNewCluster, "true"},
			{flagInitialClusterState, "existing"},
		},
		drop: func(string) bool { return false },
	}
	if !slices.ContainsFunc(m.options, func(o option) bool { return isTimer(o.name) }) {
		g.set = append(g.set, shortTimers()...)
	}
	return g.reach(m)
}

// shortTimers are in milliseconds. Etcd demands 5 heartbeats before an election.
func shortTimers() []setting {
	return []setting{{flagHeartbeatInterval, "10"}, {flagElectionTimeout, "100"}}
}

func isTimer(flag string) bool { return flag == flagHeartbeatInterval || flag == flagElectionTimeout }

// hasShortTimers tells that Force has added them: nobody else has these values.
func (m *Manifest) hasShortTimers() bool {
	return !slices.ContainsFunc(shortTimers(), func(s setting) bool {
		given := m.given(s.name)
		return len(given) != 1 || given[0].value != s.value
	})
}
