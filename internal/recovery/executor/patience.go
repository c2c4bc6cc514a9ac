package executor

import (
	"context"
	"time"
)

// An interrupted apply ends within half a minute: the step at work is given stepGrace to come to its end, a single
// change of a master that is at work then changeGrace, and what can be brought back is brought back, and the locks are
// given back, within closing.
const (
	stepGrace   = 8 * time.Second
	changeGrace = 4 * time.Second
	closing     = 14 * time.Second
)

// changeLimit bounds a single short change of a master.
const changeLimit = 30 * time.Second

// patient gives a context that ends only some time after ctx does.
func patient(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(grace):
			cancel(context.Cause(ctx))
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel(nil) }
}

// working gives what the steps of an operation go by, with how to end it at once and at last.
func working(interrupt context.Context) (ctx context.Context, abort context.CancelCauseFunc, end func()) {
	longer, stop := patient(interrupt, stepGrace)
	ctx, abort = context.WithCancelCause(longer)
	return ctx, abort, func() { abort(nil); stop() }
}

// atomic bounds a short change that is carried to its end even when the apply is interrupted.
func atomic(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, end := patient(ctx, changeGrace)
	bounded, cancel := context.WithTimeout(longer, changeLimit)
	return bounded, func() { cancel(); end() }
}
