//go:build linux

package build

import "context"

// Server is an etcd server program that the lab can run.
type Server struct {
	Version string // full, without a v: "3.7.3"
	Path    string // of the program
}

// EtcdServer returns the etcd server of a minor version ("3.5", "3.6" or "3.7"). It is built on first use, which takes
// a minute, and kept in the user's cache folder. The go command must be there, and the current folder must be within
// this repository.
func EtcdServer(ctx context.Context, minor string) (Server, error) {
	p := program{
		name:     "etcd",
		module:   "etcd-" + minor,
		pkg:      "go.etcd.io/etcd/server/v3",
		required: "go.etcd.io/etcd/server/v3",
	}
	path, version, err := p.get(ctx)
	return Server{Version: version, Path: path}, err
}

// EtcdRef is the reference under which Kubernetes publishes an etcd release.
func EtcdRef(version string) string { return "registry.k8s.io/etcd:" + version + "-0" }
