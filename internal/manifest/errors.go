package manifest

import (
	"errors"
	"fmt"
)

// The reasons why a manifest is refused. Every error of this package that is
// about the text wraps exactly one of them.
var (
	// ErrSyntax says that the kubelet or etcd itself would refuse the text.
	ErrSyntax = errors.New("manifest is not valid")
	// ErrNotPod says that the text is valid YAML but no v1 Pod.
	ErrNotPod = errors.New("not a pod manifest")
	// ErrNoEtcd says that no container of the pod runs the etcd binary. Another
	// pod is never refused for the way it is written.
	ErrNoEtcd = errors.New("no etcd container in the pod")
	// ErrTwoEtcd says that more than one container of the pod runs etcd.
	ErrTwoEtcd = errors.New("more than one etcd container in the pod")
	// ErrDistribution says that the pod belongs to a distribution that rebuilds
	// etcd in its own way, which the text of the error names.
	ErrDistribution = errors.New("etcd is run by a distribution with its own recovery")
	// ErrMirrorPod says that the text is the API's copy of a static pod, of
	// which the kubelet starts nothing.
	ErrMirrorPod = errors.New("manifest was exported from the API")
	// ErrConfigFile says that etcd reads a configuration file, which makes it
	// ignore every flag and every ETCD_ variable.
	ErrConfigFile = errors.New("etcd is configured by a file")
	// ErrEnvironment says that a setting in the container's environment cannot
	// be read or is in the way of a flag: both for the same setting stop etcd
	// with "conflicting environment variable is shadowed".
	ErrEnvironment = errors.New("environment variables of etcd are in the way")
	// ErrShell says that etcd is started by a shell or by another program.
	ErrShell = errors.New("etcd is started through a wrapper")
	// ErrUnresolved says that a flag that matters holds a variable, so that its
	// true value is not in the text.
	ErrUnresolved = errors.New("a flag holds an unresolved variable")
	// ErrShape says that the text may be fine for the kubelet, but is written
	// in a way that cannot be read or edited here with certainty.
	ErrShape = errors.New("manifest cannot be edited safely")
	// ErrForced says that the force flag is there already. Only Force returns it.
	ErrForced = errors.New("manifest already forces a new cluster")
	// ErrInitialCluster says that the value given to Join cannot be right.
	ErrInitialCluster = errors.New("initial cluster is not usable")
	// ErrNoHostPath says that a path in the container is not a path on the host.
	ErrNoHostPath = errors.New("path is not mounted from the host")
)

// at is an error about one line of the manifest.
func at(reason error, line int, format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", reason, line, fmt.Sprintf(format, args...))
}
