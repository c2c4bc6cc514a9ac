//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/steps"
)

// gaps measures what clients of the seed notice of the others' coming back.
func (b *benchmark) gaps(ctx context.Context) error {
	t := table{{"a writer at the seed", "writes", "failed", "lost", "longest gap", "it ended in"}}
	for _, d := range []disaster{{nodes: 3, bytes: 10 * mib}, {nodes: 3, bytes: 1024 * mib}} {
		note(fmt.Sprintf("writing during a recovery of %d MiB", d.bytes/mib))
		if err := d.with(ctx, b.etcd, func(l *lab.Lab) error { return b.writeDuring(ctx, l, d, &t) }); err != nil {
			return err
		}
	}
	t.print("Writes from the moment the seed is up to the last member's joining, about 200 a second")
	return nil
}

func (b *benchmark) writeDuring(ctx context.Context, l *lab.Lab, d disaster, t *table) error {
	w, err := b.newTerraformRun(l)
	if err != nil {
		return err
	}
	if err := w.makePlan(ctx); err != nil {
		return err
	}
	watch, cancel := context.WithCancel(ctx)
	defer cancel()
	started := make(chan *lab.Writer, 1)
	go func() {
		defer close(started)
		if seedUp(watch, l) != nil {
			return // the apply has failed and says why
		}
		if writer, err := l.StartWriter(ctx, "m1"); err == nil {
			started <- writer
		}
	}()
	err = w.applyPlan(ctx)
	cancel()
	writer := <-started
	if writer == nil {
		return fmt.Errorf("no writer could be started: %w", err)
	}
	report := writer.Stop()
	if err != nil {
		return err
	}
	lost := 0
	for _, m := range l.Nodes() {
		missing, err := l.Missing(ctx, m.Name(), report.Acked)
		if err != nil {
			return err
		}
		lost += len(missing)
	}
	during, err := stepAt(l, report.GapEnded)
	if err != nil {
		return err
	}
	t.add(
		fmt.Sprintf("recovery of %d MiB", d.bytes/mib),
		fmt.Sprint(len(report.Acked)),
		fmt.Sprint(report.Failed),
		fmt.Sprint(lost),
		fmt.Sprintf("%d ms", report.LongestGap.Milliseconds()),
		during,
	)
	if writer, err = l.StartWriter(ctx, "m1"); err != nil {
		return err
	}
	select {
	case <-time.After(5 * time.Second):
	case <-ctx.Done():
	}
	report = writer.Stop()
	t.add(
		"the same cluster afterwards, for 5 s",
		fmt.Sprint(len(report.Acked)),
		fmt.Sprint(report.Failed),
		"",
		fmt.Sprintf("%d ms", report.LongestGap.Milliseconds()),
		"",
	)
	return ctx.Err()
}

// seedUp waits until the seed's journal says that it is done.
func seedUp(ctx context.Context, l *lab.Lab) error {
	return await(ctx, func() error {
		journals, err := steps.Journals(l.Node("m1"))
		if err == nil && len(journals) == 0 {
			err = fmt.Errorf("the seed is not done")
		}
		return err
	})
}

// stepAt names the step that was under way.
func stepAt(l *lab.Lab, at time.Time) (string, error) {
	all, err := steps.Read(l)
	if err != nil {
		return "", err
	}
	for _, s := range all {
		if !at.Before(s.Begin) && !at.After(s.End) {
			return s.Node + ": " + s.Name(), nil
		}
	}
	return "between steps", nil
}
