//go:build linux

package kubelet

import "testing"

func TestHostArgument(t *testing.T) {
	mounts := []Mount{
		{Container: "/var/lib/etcd", Host: "/srv/etcd"},
		{Container: "/var/lib/etcd/wal", Host: "/fast/wal"},
	}
	for arg, want := range map[string]string{
		"--data-dir=/var/lib/etcd":       "--data-dir=/srv/etcd",
		"--wal-dir=/var/lib/etcd/wal":    "--wal-dir=/fast/wal",
		"--wal-dir=/var/lib/etcd/wal/x":  "--wal-dir=/fast/wal/x",
		"--data-dir=/var/lib/etcdother":  "--data-dir=/var/lib/etcdother",
		"/var/lib/etcd/x":                "/srv/etcd/x",
		"--name=m1":                      "--name=m1",
		"--listen-client-urls=https://x": "--listen-client-urls=https://x",
	} {
		if got := hostArgument(arg, mounts); got != want {
			t.Errorf("%s becomes %s, want %s", arg, got, want)
		}
	}
}
