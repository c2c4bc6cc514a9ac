//go:build linux && whole

package history

import (
	"context"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
)

// Without a quorum writes fail, and some of these happen all the same.
func TestOutage(t *testing.T) {
	l := labtest.Start(t, lab.Options{Nodes: 3})
	ctx, cancel := context.WithTimeout(t.Context(), 2*labtest.Patience)
	defer cancel()
	w, err := Watch(ctx, l)
	labtest.Must(t, err)
	defer w.Stop()
	r, err := Start(ctx, l, 2)
	labtest.Must(t, err)
	defer r.Stop()
	for _, pair := range [][]string{{"m2", "m3"}, {"m1", "m2"}} {
		more := r.Acked() + 50
		labtest.Within(t, "50 writes", func() bool { return r.Acked() >= more })
		for _, m := range pair {
			l.Node(m).PowerOff()
		}
		failed := r.unknown() + 4
		labtest.Within(t, "4 failures", func() bool { return r.unknown() >= failed })
		for _, m := range pair {
			labtest.Must(t, l.Node(m).PowerOn())
		}
		labtest.Must(t, l.WaitHealthy(ctx))
	}
	w.Stop()
	report := r.Stop()
	labtest.Must(t, report.Final(ctx, l))
	t.Logf("%d acknowledged, %d unknown, %d reads, %v without a write; %v; watched: %v",
		report.Acked, report.Unknown, report.Reads, report.LongestGap, report.LastFailure, w.Acked())
	labtest.Must(t, Check(report))
	labtest.Must(t, w.Check(ctx, l))
}

func (r *Recorder) unknown() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.report.Unknown
}
