//go:build linux

package node_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/sample"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// hostileNames are names that a shell would make something of, and some drawn from all bytes that a name may have.
func hostileNames(seed uint64) []string {
	names := []string{
		`a b  c`,
		`it's "quoted" \ and \\`,
		"$(touch oops) `touch oops` ${HOME} $$",
		"two\nlines\n",
		"*?[a-z]{b,c}~!#%s%n",
		"-rf --help",
		"\xff\xfe\x80 not UTF-8",
		";touch oops&|<>()\t",
	}
	draw := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // names, not secrets
	for range 4 {
		name := make([]byte, 1+draw.IntN(40))
		for i := range name {
			for name[i] == 0 || name[i] == '/' {
				name[i] = byte(draw.IntN(256))
			}
		}
		names = append(names, string(name)+"x") // neither . nor ..
	}
	return names
}

// TestHostilePaths does all that is done to files in folders whose names and whose files' texts are hostile: nothing is
// ever interpreted.
func TestHostilePaths(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, l local, dir string) {
		for _, name := range sample.Of(hostileNames(7), 5) {
			top := filepath.Join(dir, name)
			must(t, os.Mkdir(top, 0o755))
			n := node.New(node.Settings{Name: name, WorkDir: filepath.Join(top, "work")}, l)
			file, text := filepath.Join(top, "manifests", "etcd"+name+".yaml"), "text of "+name+"\n$(touch oops)"
			check := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatalf("%q: %v", name, err)
				}
			}
			check(n.WriteFile(t.Context(), file, []byte(text), file))
			back, err := n.ReadFile(t.Context(), file)
			if check(err); string(back) != text {
				t.Errorf("%q: read back %q", name, back)
			}
			parked, err := n.Park(t.Context(), file)
			check(err)
			want(t, filepath.Join(top, "manifests"), nil)
			check(n.Unpark(t.Context(), parked, file, node.Hash([]byte(text))))
			want(t, filepath.Join(top, "manifests"), map[string]string{filepath.Base(file): text})

			data := filepath.Join(top, "data")
			write(t, data, map[string]string{"member/snap/db": "db", "member/wal/0.wal": name})
			kept := map[string]string{"member/snap/db": "db", "member/wal/0.wal": name}
			check(n.CopyAside(t.Context(), data, filepath.Join(top, "copy")))
			check(n.MoveAside(t.Context(), data, filepath.Join(top, "moved")))
			for _, place := range []string{"copy", "moved"} {
				want(t, filepath.Join(top, place), kept)
			}
			check(n.WriteJournal(t.Context(), "seed-"+name, []byte(text)))
			if files, err := n.ReadFiles(t.Context(), file); err != nil || string(files[file]) != text {
				t.Errorf("%q: %v, %v", name, files, err)
			}
			check(n.Remove(t.Context(), file, node.Hash([]byte(text))))
			oops(t, top)
		}
	})
}

// oops looks for what a name or a text would have made if it had been interpreted.
func oops(t *testing.T, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Name() == "oops" {
			t.Errorf("a name was interpreted: %s", path)
		}
		return err
	}))
	if _, err := os.Stat("oops"); err == nil {
		t.Fatal("a name was interpreted")
	}
}

// TestLabels keeps what a file system knows of a file beside mode and owner. The label of SELinux is such an attribute,
// and cp keeps it in the same way; here is none to try it with.
func TestLabels(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, _ local, dir string) {
		file := filepath.Join(dir, "manifests", "etcd.yaml")
		write(t, dir, map[string]string{"manifests/etcd.yaml": "one"})
		if err := syscall.Setxattr(file, "user.label", []byte("etcd_t"), 0); errors.Is(err, syscall.ENOTSUP) {
			t.Fatalf("the file system of %s has no attributes: set TMPDIR to another one", dir)
		} else {
			must(t, err)
		}
		labelled := func(what, path string) {
			t.Helper()
			value := make([]byte, 20)
			if size, err := syscall.Getxattr(path, "user.label", value); err != nil ||
				!strings.HasPrefix(string(value[:max(size, 0)]), "etcd_t") {
				t.Errorf("%s lost its label: %v", what, err)
			}
		}
		must(t, n.WriteFile(t.Context(), file, []byte("two"), file))
		labelled("a file that was written anew", file)
		parked, err := n.Park(t.Context(), file)
		must(t, err)
		labelled("a file that was moved away", parked)
		must(t, n.WriteFile(t.Context(), file, []byte("three"), parked))
		labelled("a file that was written like another one", file)
		must(t, n.Remove(t.Context(), file, node.Hash([]byte("three"))))
		must(t, n.Unpark(t.Context(), parked, file, node.Hash([]byte("two"))))
		labelled("a file that was put back", file)
	})
}
