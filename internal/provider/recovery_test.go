//go:build linux

package provider_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
)

// writeOnceUp begins to write on the seed when the journal says that it runs without the force flag.
func writeOnceUp(ctx context.Context, t *testing.T, l *lab.Lab) *lab.Writer {
	journal := l.Node("m1").Path("/var/lib/etcdrecovery/seed-test.journal")
	for ctx.Err() == nil {
		if text, err := os.ReadFile(journal); err == nil && strings.Contains(string(text), `"unforced"`) {
			w, err := l.StartWriterAt(context.WithoutCancel(ctx), 25*time.Millisecond, "m1")
			if err != nil {
				t.Error(err)
			}
			return w
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

// writesOf stops a writer that must have begun.
func writesOf(t *testing.T, begun <-chan *lab.Writer) lab.WriterReport {
	t.Helper()
	select {
	case w := <-begun:
		return w.Stop()
	default:
		t.Fatal("the writer never began")
		return lab.WriterReport{}
	}
}

// wantCounted has so many keys and those written on m1, and gives how many that are.
func wantCounted(t *testing.T, l *lab.Lab, keys int64, r lab.WriterReport) int64 {
	t.Helper()
	count, _, err := l.CountKeys(t.Context(), "m1") // the last write may be in without its writer's knowing
	least, unknown := keys+int64(len(r.Acked)), int64(len(r.Unknown))
	if err != nil || count < least || count > least+unknown {
		t.Errorf("m1 has %d keys (%v), want %d", count, err, least)
	}
	return count
}

// wantPlannedManifest compares a file with the state, which Terraform has compared with the plan.
func wantPlannedManifest(t *testing.T, name, path, manifest string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || string(text) != manifest {
		t.Errorf("%s: the file is not what the plan showed (%v): %s", name, err, text)
	}
}

func wantNoForceFlag(t *testing.T, l *lab.Lab) {
	t.Helper()
	for _, m := range l.Nodes() {
		text, err := os.ReadFile(m.Path("/etc/kubernetes/manifests/etcd.yaml"))
		if err != nil || strings.Contains(string(text), "force-new-cluster") {
			t.Errorf("the manifest of %s has the force flag, or cannot be read: %v", m.Name(), err)
		}
	}
}

// trees are hashes of all files that a recovery could touch; etcd must be stopped where data is included.
func trees(t *testing.T, l *lab.Lab, data bool) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, m := range l.Nodes() {
		paths := []string{"/etc/kubernetes", "/var/lib/kubelet"}
		if data {
			paths = append(paths, "/var/lib/etcd")
		}
		hash, err := m.TreeHash(paths...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(m.Path("/var/lib/etcdrecovery")); err == nil {
			hash += ", with a work folder"
		}
		all[m.Name()] = hash
	}
	return all
}

func wantSame(t *testing.T, before, after map[string]string) {
	t.Helper()
	for name, hash := range before {
		if after[name] != hash {
			t.Errorf("%s was touched: %s, before: %s", name, after[name], hash)
		}
	}
}

// writer begins to write once the cluster takes writes: after a member was lost, its other members may first have to
// elect a leader.
func writer(t *testing.T, l *lab.Lab, masters ...string) *lab.Writer {
	t.Helper()
	firstWrite(t, l, masters...).Stop()
	return firstWrite(t, l, masters...)
}

func firstWrite(t *testing.T, l *lab.Lab, masters ...string) *lab.Writer {
	t.Helper()
	w, err := l.StartWriter(t.Context(), masters...)
	if err != nil {
		t.Fatal(err)
	}
	labtest.Within(t, "a first write", func() bool { return w.Acked() > 0 })
	return w
}

// wantAllWrites asks for no failed write, and every acknowledged one on every master.
func wantAllWrites(t *testing.T, l *lab.Lab, r lab.WriterReport) {
	t.Helper()
	t.Logf("%d writes acknowledged, %d failed, longest gap %s", len(r.Acked), r.Failed, r.LongestGap)
	if r.Failed > 0 {
		t.Errorf("%d writes failed: %v", r.Failed, r.LastFailure)
	}
	for _, m := range l.Nodes() {
		if missing, err := l.Missing(t.Context(), m.Name(), r.Acked); err != nil || len(missing) > 0 {
			t.Errorf("%s lacks %d acknowledged writes (%v)", m.Name(), len(missing), err)
		}
	}
}
