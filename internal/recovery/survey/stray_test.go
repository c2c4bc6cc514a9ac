package survey

import "testing"

// TestDataDirOf finds the data folder from the places that disk.sh chooses for what was in it.
func TestDataDirOf(t *testing.T) {
	for kept, want := range map[string]string{
		"/var/lib/etcd.etcdrecovery/1":  "/var/lib/etcd",
		"/var/lib/etcd/.etcdrecovery/2": "/var/lib/etcd",
		"/data/m1.etcd.etcdrecovery/1":  "/data/m1.etcd",
		"/.etcdrecovery/1":              "",
		"/backup/etcd/1":                "",
		"etcd.etcdrecovery/1":           "",
		"":                              "",
	} {
		if got := dataDirOf(kept); got != want {
			t.Errorf("%q: got %q, want %q", kept, got, want)
		}
	}
}
