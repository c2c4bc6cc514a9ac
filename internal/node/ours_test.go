//go:build linux

package node_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// TestNotOurs has an operator's text where one of ours, or none, is expected: it is never removed or replaced.
func TestNotOurs(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, _ local, dir string) {
		file, parked := filepath.Join(dir, "manifests", "etcd.yaml"), filepath.Join(n.ParkedDir(), "etcd.yaml")
		hash := func(text string) string { return node.Hash([]byte(text)) }
		stays := func(what string, err error, folder string, files map[string]string) {
			t.Helper()
			if !errors.Is(err, node.ErrNotOurs) {
				t.Errorf("%s: %v", what, err)
			}
			want(t, folder, files)
		}
		manifests := filepath.Dir(file)
		theirs := map[string]string{"etcd.yaml": "theirs"}
		write(t, dir, map[string]string{"manifests/etcd.yaml": "theirs"})
		stays("removed", n.Remove(t.Context(), file, hash("ours"), hash("ours too")), manifests, theirs)
		stays("removed, with nothing of ours known", n.Remove(t.Context(), file), manifests, theirs)
		stays("replaced", n.WriteFile(t.Context(), file, []byte("new"), "", hash("ours")), manifests, theirs)
		write(t, n.ParkedDir(), map[string]string{"etcd.yaml": "before"})
		stays("put back", n.Unpark(t.Context(), parked, file, hash("before")), manifests, theirs)
		want(t, n.ParkedDir(), map[string]string{"etcd.yaml": "before"})

		write(t, dir, map[string]string{"manifests/etcd.yaml": "ours"})
		must(t, n.WriteFile(t.Context(), file, []byte("new"), "", hash("other"), hash("ours")))
		want(t, manifests, map[string]string{"etcd.yaml": "new"})
		must(t, n.Unpark(t.Context(), parked, file, hash("new"))) // it is in its place, and what is parked is another
		want(t, n.ParkedDir(), map[string]string{"etcd.yaml": "before"})
		must(t, n.Remove(t.Context(), file, hash("new")))
		must(t, n.Remove(t.Context(), file, hash("new"))) // it is not there
		stays("put back", n.Unpark(t.Context(), parked, file, hash("new")), manifests, nil)
		must(t, n.WriteFile(t.Context(), file, []byte("new"), "", hash("ours")))
		want(t, manifests, map[string]string{"etcd.yaml": "new"})
		must(t, n.Remove(t.Context(), file, hash("new")))
		must(t, n.Unpark(t.Context(), parked, file, hash("before")))
		want(t, manifests, map[string]string{"etcd.yaml": "before"})
		want(t, n.ParkedDir(), nil)
	})
}
