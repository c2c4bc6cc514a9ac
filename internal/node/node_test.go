//go:build linux

package node_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/sample"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write makes files below a folder.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
}

// want compares all files below a folder.
func want(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	got := map[string]string{}
	_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			text, readErr := os.ReadFile(p)
			must(t, readErr)
			rel, _ := filepath.Rel(dir, p)
			got[rel] = string(text)
		}
		return nil
	})
	for name, text := range files {
		if got[name] != text {
			t.Errorf("%s is %q, want %q", name, got[name], text)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s is there and should not be", name)
	}
}

func TestWriteFile(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, _ local, dir string) {
		write(t, dir, map[string]string{"like": ""})
		must(t, os.Chmod(filepath.Join(dir, "like"), 0o640))
		text := "a: 'b'\r\n$(touch x) `y` \\ \x00\xff no final newline"
		must(
			t,
			n.WriteFile(
				t.Context(),
				filepath.Join(dir, "new folder", "etcd.yaml"),
				[]byte(text),
				filepath.Join(dir, "like"),
			),
		)
		want(t, filepath.Join(dir, "new folder"), map[string]string{"etcd.yaml": text})
		info, err := os.Stat(filepath.Join(dir, "new folder", "etcd.yaml"))
		must(t, err)
		if info.Mode().Perm() != 0o640 {
			t.Errorf("mode %o", info.Mode().Perm())
		}
		back, err := n.ReadFile(t.Context(), filepath.Join(dir, "new folder", "etcd.yaml"))
		if err != nil || string(back) != text {
			t.Errorf("read back %q, %v", back, err)
		}
	})
}

// TestBrokenOffWrite fails in the middle of a file, as on a full disk, and finds what was left by a script that was
// killed there.
func TestBrokenOffWrite(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, l local, dir string) {
		name := filepath.Join(dir, "etcd.yaml")
		write(
			t,
			dir,
			map[string]string{
				"etcd.yaml":                           "before",
				".etcdrecovery-killed.yaml":           "half",
				"work/parked/.etcdrecovery-etcd.yaml": "half",
			},
		)
		full := l
		full.before = "ulimit -f 0\n"
		if err := node.New(n.Settings, full).WriteFile(t.Context(), name, []byte("after"), ""); err == nil {
			t.Error("it was written")
		}
		if _, err := node.New(n.Settings, full).Park(t.Context(), name); err == nil {
			t.Error("it was parked")
		}
		want(t, dir, map[string]string{"etcd.yaml": "before"})
	})
}

func TestPark(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, _ local, dir string) {
		file := filepath.Join(dir, "manifests", "etcd.yaml")
		if _, err := n.Park(t.Context(), file); err == nil {
			t.Error("parked what is not there")
		}
		for _, text := range []string{"one", "one", "two"} { // the second time it was moved already, and put back
			write(t, dir, map[string]string{"manifests/etcd.yaml": text})
			_, err := n.Park(t.Context(), file)
			must(t, err)
			_, err = n.Park(t.Context(), file)
			must(t, err)
		}
		want(t, filepath.Join(dir, "manifests"), nil)
		want(t, n.ParkedDir(), map[string]string{"etcd.yaml": "two", "etcd.yaml.1": "one"})
		must(t, n.Keep(t.Context(), filepath.Join(n.ParkedDir(), "etcd.yaml"), filepath.Join(dir, "kept", "etcd.yaml")))
		must(
			t,
			n.Keep(t.Context(), filepath.Join(n.ParkedDir(), "etcd.yaml.1"), filepath.Join(dir, "kept", "etcd.yaml")),
		)
		must(t, n.Keep(t.Context(), filepath.Join(n.ParkedDir(), "none"), filepath.Join(dir, "kept", "etcd.yaml")))
		want(t, filepath.Join(dir, "kept"), map[string]string{"etcd.yaml": "two", "etcd.yaml.2": "one"})
	})
}

func TestMoveAside(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, _ local, dir string) {
		data, aside := filepath.Join(dir, "data"), filepath.Join(dir, "data.etcdrecovery", "1")
		write(
			t,
			data,
			map[string]string{
				"member/snap/db":    "db",
				"member/wal/0.wal":  "wal",
				".hidden":           "h",
				"lost+found/x":      "x",
				".etcdrecovery/9/y": "y",
			},
		)
		write(t, aside+".moving", map[string]string{"first": "was moved before the line was cut"})
		must(t, n.MoveAside(t.Context(), data, aside))
		moved := map[string]string{
			"member/snap/db":   "db",
			"member/wal/0.wal": "wal",
			".hidden":          "h",
			"first":            "was moved before the line was cut",
		}
		want(t, aside, moved)
		want(t, data, map[string]string{"lost+found/x": "x", ".etcdrecovery/9/y": "y"})
		must(t, n.MoveAside(t.Context(), data, aside)) // done already
		write(t, data, map[string]string{"member/new": "new"})
		if err := n.MoveAside(t.Context(), data, aside); err == nil ||
			!strings.Contains(err.Error(), "exists already") {
			t.Errorf("moved over what was kept before: %v", err)
		}
		want(t, aside, moved)
	})
}

func TestCopyAside(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, _ local, dir string) {
		data, aside := filepath.Join(dir, "data"), filepath.Join(dir, "data.etcdrecovery", "1")
		files := map[string]string{"member/snap/db": "db", "member/wal/a b.wal": "wal"}
		write(t, data, files)
		write(t, data, map[string]string{"lost+found/x": "x"})
		write(t, aside+".copying", map[string]string{"half": "of an earlier copy"})
		must(t, n.CopyAside(t.Context(), data, aside))
		want(t, aside, files)
		must(t, n.CopyAside(t.Context(), data, aside)) // the same again
		write(t, data, map[string]string{"member/snap/db": "changed"})
		if err := n.CopyAside(t.Context(), data, aside); !errors.Is(err, node.ErrNoCopy) {
			t.Errorf("another copy was taken for this one: %v", err)
		}
		write(t, data, map[string]string{"member/snap/db": "db", "member/more": "more"})
		if err := n.CopyAside(t.Context(), data, aside); err == nil {
			t.Error("a copy that lacks a file was taken for whole")
		}
		want(t, aside, files)
	})
}

func TestLock(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, _ local, _ string) {
		ctx := t.Context()
		if held, err := n.LockHeld(ctx); held != nil || err != nil {
			t.Fatalf("nobody holds it: %v, %v", held, err)
		}
		one, two, three := n.As("one (it's)\nsecond line"), n.As("two"), n.As("three")
		must(t, n.Lock(ctx, "one (it's)\nsecond line", ""))
		must(t, n.Lock(ctx, "one (it's)\nsecond line", "")) // its own
		var held *node.Locked
		if err := n.Lock(ctx, "two", ""); !errors.As(err, &held) || held.Holder != "one (it's)\nsecond line" ||
			!strings.Contains(held.Error(), "one (it's) holds "+n.LockPath()) {
			t.Fatalf("a second holder got %v", err)
		}
		if held, err := n.LockHeld(ctx); err != nil || held == nil || held.Holder != "one (it's)\nsecond line" {
			t.Fatalf("held by %v, %v", held, err)
		}
		if err := n.Lock(ctx, "two", "three"); !errors.As(err, &held) {
			t.Fatalf("taken over from the wrong one: %v", err)
		}
		must(t, n.Lock(ctx, "two", "one (it's)\nsecond line")) // which is known to be gone
		for what, f := range map[string]func() error{
			"its sign of life": func() error { return one.TouchLock(ctx) },
			"a look":           func() error { return one.Holds(ctx) },
			"a change":         func() error { return one.WriteFile(ctx, filepath.Join(n.WorkDir, "file"), nil, "") },
		} {
			if err := f(); !errors.Is(err, node.ErrLocked) {
				t.Errorf("%s of the old holder: %v", what, err)
			}
		}
		must(t, one.Unlock(ctx))
		must(t, two.TouchLock(ctx))
		silent(t, n)
		must(t, n.Lock(ctx, "three", ""))
		must(t, three.Unlock(ctx))
		if err := three.TouchLock(ctx); !errors.Is(err, node.ErrLocked) {
			t.Errorf("a lock that is gone was touched: %v", err)
		}
		want(t, n.WorkDir, nil)
	})
}

// TestLockFullDisk cannot write the lock, and leaves none that would be nobody's.
func TestLockFullDisk(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, l local, _ string) {
		// Both leave an empty file, and some shells do not tell of it.
		for what, before := range map[string]string{
			"told": "trap '' XFSZ; ulimit -f 0\n", "not told": "printf() { :; }\n",
		} {
			l.before = before
			err := node.New(n.Settings, l).Lock(t.Context(), "one", "")
			if err == nil || errors.Is(err, node.ErrLocked) ||
				!strings.Contains(err.Error(), "cannot make "+n.LockPath()) {
				t.Errorf("%s: got %v", what, err)
			}
			want(t, n.WorkDir, nil)
		}
	})
}

// sleeper holds the lock and has a command at work that does not end by itself. It gives what becomes of that, and
// whether it runs.
func sleeper(t *testing.T, n *node.Node, l local, dir string) (left chan error, runs func() bool) {
	t.Helper()
	must(t, n.Lock(t.Context(), "asleep", ""))
	write(
		t,
		dir,
		map[string]string{"data/file": "text", "bin/cp": "#!/bin/sh\necho $$ >\"$TEST_STARTED\"; exec sleep 60\n"},
	)
	must(t, os.Chmod(filepath.Join(dir, "bin", "cp"), 0o755))
	started := filepath.Join(dir, "started")
	_ = os.Remove(started) // of an earlier one
	l.path, l.env = filepath.Join(dir, "bin"), "TEST_STARTED="+started
	left = make(chan error, 1)
	go func() {
		asleep := node.New(n.Settings, l).As("asleep")
		left <- asleep.CopyAside(t.Context(), filepath.Join(dir, "data"), filepath.Join(dir, "copy"))
	}()
	var pid []byte
	for len(pid) == 0 {
		pid, _ = os.ReadFile(started)
		time.Sleep(10 * time.Millisecond)
	}
	return left, func() bool {
		_, err := os.Readlink("/proc/" + strings.TrimSpace(string(pid)) + "/exe") // of a zombie there is none
		return err == nil
	}
}

// silent makes the lock that of a holder which has given no sign of life for long.
func silent(t *testing.T, n *node.Node) {
	t.Helper()
	old := time.Now().Add(-node.LockStale - time.Second)
	must(t, os.Chtimes(n.LockPath(), old, old))
}

// TestTakeOver takes the lock of a holder whose laptop sleeps while a command of its runs on.
func TestTakeOver(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, l local, dir string) {
		ctx := t.Context()
		left, runs := sleeper(t, n, l, dir)
		if err := n.Lock(ctx, "awake", ""); !errors.Is(err, node.ErrLocked) {
			t.Fatalf("taken over from one that is at work: %v", err)
		}
		silent(t, n)
		must(t, n.Lock(ctx, "awake", ""))
		if err := <-left; err == nil {
			t.Error("the command of the last holder ended well")
		}
		if runs() {
			t.Error("what the last holder's command had started runs on")
		}
		must(t, n.As("awake").CopyAside(ctx, filepath.Join(dir, "data"), filepath.Join(dir, "copy")))
		want(t, filepath.Join(dir, "copy"), map[string]string{"file": "text"})
		must(t, n.As("awake").Unlock(ctx))
		want(t, n.WorkDir, nil)
	})
}

// TestTakeOverTwice has two that take over at once from a third, which has a command at work: one of them gets the
// lock, and nothing of the third runs on when it does.
func TestTakeOverTwice(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, l local, dir string) {
		ctx := t.Context()
		for _, round := range sample.Of([]int{0, 1, 2, 3, 4}, 2) {
			left, runs := sleeper(t, n, l, dir)
			silent(t, n)
			if round == 0 { // one of them is as slow as can be: it has moved the lock away, and ended nothing yet
				must(t, os.Rename(n.LockPath(), n.LockPath()+".stale.1"))
			}
			var winners atomic.Int32
			var both sync.WaitGroup
			for _, who := range []string{"one", "two"} {
				both.Go(func() {
					if err := n.Lock(ctx, who, ""); errors.Is(err, node.ErrLocked) {
						return
					} else if err != nil {
						t.Errorf("%s got neither the lock nor its holder: %v", who, err)
						return
					}
					winners.Add(1)
					if runs() {
						t.Errorf("%s has the lock, and a command of the last holder runs on", who)
					}
				})
			}
			both.Wait()
			if winners.Load() != 1 {
				t.Fatalf("%d of two have the lock", winners.Load())
			}
			if err := <-left; err == nil {
				t.Error("the command of the last holder ended well")
			}
			must(t, n.As("one").Unlock(ctx))
			must(t, n.As("two").Unlock(ctx))
			want(t, n.WorkDir, nil)
			want(t, filepath.Join(dir, "copy"), nil)
		}
	})
}

func TestSockets(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, _ local, _ string) {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		must(t, err)
		at := netip.MustParseAddrPort(l.Addr().String())
		sockets, err := n.Sockets(t.Context())
		must(t, err)
		if !node.Listens(sockets, at) {
			t.Errorf("%s is not seen in %v", at, sockets)
		}
		must(t, l.Close())
		sockets, err = n.Sockets(t.Context())
		must(t, err)
		if node.Listens(sockets, at) {
			t.Errorf("%s is seen after it was closed", at)
		}
	})
}

func TestDataDir(t *testing.T) {
	inEachShell(t, func(t *testing.T, n *node.Node, _ local, dir string) {
		text := make([]byte, 50_000)
		for i := range text {
			text[i] = byte(i * i >> 3)
		}
		write(t, dir, map[string]string{"member/snap/db": string(text), "member/wal/0-0.wal": string(text)})
		paths := node.Paths{DataDir: dir}
		disk, err := n.Disk(t.Context(), paths, node.Runtime{})
		must(t, err)
		d := n.DataDir(paths, disk)
		for _, c := range []struct{ offset, length int }{
			{0, 100}, {16_383, 2}, {40_000, 20_000}, {20_000, 1}, {49_999, 1}, {50_000, 10}, {90_000, 10}, {5, 0},
		} {
			got, err := d.ReadAt(t.Context(), int64(c.offset), c.length)
			must(t, err)
			if want := text[min(c.offset, len(text)):min(c.offset+c.length, len(text))]; !bytes.Equal(got, want) {
				t.Errorf("%d bytes at %d: got %d, want %d", c.length, c.offset, len(got), len(want))
			}
		}
		in, err := d.Segment(t.Context(), "0-0.wal")
		must(t, err)
		if got, err := io.ReadAll(in); err != nil || !bytes.Equal(got, text) {
			t.Errorf("a segment of %d bytes: %v", len(got), err)
		}
		if _, err := d.Segment(t.Context(), "1-0.wal"); err == nil {
			t.Error("a segment that is not there was read")
		}
		if changed, err := d.Changed(t.Context()); err != nil || changed {
			t.Errorf("changed: %v, %v", changed, err)
		}
		write(t, dir, map[string]string{"member/wal/0-0.wal": string(text[1:])})
		if changed, err := d.Changed(t.Context()); err != nil || !changed {
			t.Errorf("changed after a write: %v, %v", changed, err)
		}
		if changed, err := d.Changed(t.Context()); err != nil || changed {
			t.Errorf("changed once more: %v, %v", changed, err)
		}
	})
}
