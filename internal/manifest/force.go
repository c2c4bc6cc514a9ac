package manifest

import (
	"fmt"

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
	return goal{
		podName: m.podName + forcedSuffix,
		set: []setting{
			{flagForceNewCluster, "true"},
			{flagInitialClusterState, "existing"},
		},
		drop: func(string) bool { return false },
	}.reach(m)
}
