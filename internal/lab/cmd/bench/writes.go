//go:build linux

package main

import (
	"context"
	"errors"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// writes are how a client of the seed fared.
type writes struct {
	acked, failed, lost int
	gap                 time.Duration
}

// writeFrom writes to the seed from the moment that repair says it is up, until repair ends.
func writeFrom(ctx context.Context, l *lab.Lab, repair func(seedUp func()) error) (writes, error) {
	var writer *lab.Writer
	var startErr error
	err := repair(func() {
		if writer == nil {
			writer, startErr = l.StartWriter(ctx, "m1")
		}
	})
	if writer == nil {
		return writes{}, errors.Join(err, startErr, errors.New("nobody could write to the seed"))
	}
	report := writer.Stop()
	w := writes{acked: len(report.Acked), failed: report.Failed, gap: report.LongestGap}
	if err != nil {
		return w, err
	}
	for _, m := range l.Nodes() {
		missing, err := l.Missing(ctx, m.Name(), report.Acked)
		if err != nil {
			return w, err
		}
		w.lost += len(missing)
	}
	return w, nil
}
