//go:build linux

package history

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
)

// Both witnesses find a cluster sound that had an etcd killed, and find out what did not happen to it.
func TestKilled(t *testing.T) {
	l := labtest.Start(t, lab.Options{Nodes: 3})
	ctx, cancel := context.WithTimeout(t.Context(), 2*labtest.Patience)
	defer cancel()
	w, err := Watch(ctx, l)
	labtest.Must(t, err)
	defer w.Stop()
	r, err := Start(ctx, l, 1)
	labtest.Must(t, err)
	defer r.Stop()

	labtest.Within(t, "100 writes", func() bool { return r.Acked() >= 100 })
	l.Node("m1").KillEtcd()
	killed := time.Now()
	labtest.Must(t, l.WaitHealthy(ctx))
	more := r.Acked() + 100
	labtest.Within(t, "100 more", func() bool { return r.Acked() >= more })
	labtest.Within(t, "a watched write to each node", func() bool { return len(w.Acked()) == 3 })

	w.Stop()
	report := r.Stop()
	before := len(report.Ops)
	labtest.Must(t, report.Final(ctx, l))
	t.Logf("%d acknowledged, %d unknown, %d reads, %v without a write; %v; watched: %v",
		report.Acked, report.Unknown, report.Reads, report.LongestGap, report.LastFailure, w.Acked())
	began := time.Now()
	labtest.Must(t, Check(report))
	t.Logf("checked in %v", time.Since(began))
	labtest.Must(t, w.Check(ctx, l))
	if n := len(report.Ops) - before; n != len(report.Keys) || report.Acked+report.Unknown+report.Reads != before {
		t.Errorf("%d operations became %d by reading %d keys", before, len(report.Ops), len(report.Keys))
	}
	if outcomes := successes(report); outcomes[Done] < 10 || outcomes[Differs] < 1 {
		t.Errorf("compare and swap: %v", outcomes)
	}
	if a, found := w.First(killed); !found || a.Sent.Before(killed) || a.Cluster == 0 || a.Member == 0 {
		t.Errorf("first after the kill: %v, %v", found, a)
	}
	if a, _ := w.First(time.Time{}); a != w.Acks()[0] {
		t.Errorf("first: %v", a)
	}

	t.Run("a write that is lost in the end", func(t *testing.T) { lost(t, report) })
	t.Run("a write that the cluster does not have", func(t *testing.T) { foreign(ctx, t, l, w) })
	t.Run("a node that has something else", func(t *testing.T) { diverged(ctx, t, l, report) })
}

// successes counts how compare-and-swaps have ended.
func successes(r Report) map[Outcome]int {
	n := map[Outcome]int{}
	for _, op := range r.Ops {
		if op.Kind == CAS {
			n[op.Outcome]++
		}
	}
	return n
}

// lost edits the last read of one key: it finds what the key had before the last acknowledged write.
func lost(t *testing.T, report Report) {
	report.Ops = slices.Clone(report.Ops)
	final := &report.Ops[len(report.Ops)-1]
	var last Op
	for _, op := range slices.Backward(report.Ops) {
		if op.Key != final.Key || op.Outcome != Done || !op.writes() {
			continue
		}
		if last.New == "" {
			last = op
		} else if op.Return < last.Call { // not at once, or both orders would do
			final.Seen = op.New
			break
		}
	}
	began := time.Now()
	err := Check(report)
	t.Logf("checked in %v: %v", time.Since(began), err)
	if !errors.Is(err, ErrNotLinearizable) || !strings.Contains(err.Error(), final.Key) {
		t.Errorf("got %v", err)
	}
}

// foreign adds writes to the record that were never made.
func foreign(ctx context.Context, t *testing.T, l *lab.Lab, w *Watcher) {
	kept := w.Acks()[0]
	other := kept
	other.Cluster, other.Revision = 0xabc, kept.Revision+1
	w.acks = append(w.acks, other)
	err := w.Check(ctx, l)
	t.Log(err)
	if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "cluster abc") ||
		!strings.Contains(err.Error(), "is of revision") {
		t.Errorf("another revision: got %v", err)
	}
	for range namedAtMost {
		other.Key += "x"
		w.acks = append(w.acks, other)
	}
	err = w.Check(ctx, l)
	if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "is not there") ||
		!strings.Contains(err.Error(), "and 1 more") {
		t.Errorf("no such key: got %v", err)
	}
}

// diverged compares a node with what the cluster does not have.
func diverged(ctx context.Context, t *testing.T, l *lab.Lab, report Report) {
	want, err := readAll(ctx, l, report.Prefix, orAll(l, nil))
	labtest.Must(t, err)
	labtest.Must(t, sameOn(ctx, l, "m2", report.Prefix, want))
	want.Kvs[0].ModRevision++
	err = sameOn(ctx, l, "m2", report.Prefix, want)
	if !errors.Is(err, errDiverged) || !strings.Contains(err.Error(), "m2") {
		t.Errorf("got %v", err)
	}
	want.Header.ClusterId++
	err = sameOn(ctx, l, "m2", report.Prefix, want)
	if !errors.Is(err, errDiverged) || !strings.Contains(err.Error(), "cluster") {
		t.Errorf("got %v", err)
	}
}

// An etcd whose data is put back to an earlier state is found out by both witnesses.
func TestPutBack(t *testing.T) {
	l := labtest.Start(t, lab.Options{Nodes: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 2*labtest.Patience)
	defer cancel()
	w, err := Watch(ctx, l)
	labtest.Must(t, err)
	defer w.Stop()
	r, err := Start(ctx, l, 3)
	labtest.Must(t, err)
	defer r.Stop()
	labtest.Within(t, "30 writes", func() bool { return r.Acked() >= 30 && w.Acked()["m1"] >= 5 })

	m, earlier := l.Node("m1"), t.TempDir()
	data := m.Path("/var/lib/etcd")
	m.PowerOff()
	labtest.Must(t, os.CopyFS(earlier, os.DirFS(data)))
	labtest.Must(t, m.PowerOn())
	labtest.Must(t, l.WaitHealthy(ctx))
	writes, watched := r.Acked()+50, w.Acked()["m1"]+5
	labtest.Within(t, "50 more", func() bool { return r.Acked() >= writes && w.Acked()["m1"] >= watched })
	w.Stop()
	report := r.Stop()

	m.PowerOff()
	labtest.Must(t, os.RemoveAll(filepath.Join(data, "member")))
	labtest.Must(t, os.CopyFS(data, os.DirFS(earlier)))
	labtest.Must(t, m.PowerOn())
	labtest.Must(t, l.WaitHealthy(ctx))
	labtest.Must(t, report.Final(ctx, l)) // the only node agrees with itself
	err = Check(report)
	t.Log(err)
	if !errors.Is(err, ErrNotLinearizable) {
		t.Errorf("the history: %v", err)
	}
	err = w.Check(ctx, l)
	t.Log(err)
	if !errors.Is(err, ErrMissing) {
		t.Errorf("the watched writes: %v", err)
	}
}

func TestWatchNothing(t *testing.T) {
	var w Watcher
	if err := w.Check(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "none was acknowledged") {
		t.Errorf("got %v", err)
	}
}
