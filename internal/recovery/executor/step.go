package executor

import (
	"context"
	"errors"
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// action is how a step is carried out. It is skipped when done says that it holds already, which is what makes an
// interrupted recovery go on.
type action struct {
	done func(context.Context) (bool, error)
	act  func(context.Context) error
}

// Observer hears of a step. An error stops the recovery there.
type Observer func(step int, of int, s recovery.Step) error

// walk is how a list of steps is carried out.
type walk struct {
	Options
	actions map[recovery.StepID]action
	record  func(ctx context.Context, number, of int, s recovery.Step) error // keeps in the journal that a step is done
	secure  func(ctx context.Context, cause error) string                    // on failure: undoes what must not stay
	leave   func(ctx context.Context, cause error) string                    // after that: how things are left
}

// carryOut walks the list: check, then act. An interrupt ends it between two steps; working is what the steps
// themselves go by. A panic ends it as an error does.
func (w walk) carryOut(interrupt, working context.Context, steps []recovery.Step) error {
	for i, s := range steps {
		if err := recovery.Caught(
			"",
			func() error { return w.step(interrupt, working, i+1, len(steps), s) },
		); err != nil {
			return w.failure(
				interrupt,
				working,
				fmt.Sprintf("step %d of %d on %s: %s.", i+1, len(steps), s.Where(), s.Title),
				w.provider(err),
			)
		}
	}
	return nil
}

// errBetween is an interrupt that came before a step was begun.
var errBetween = errors.New("not begun")

func (w walk) step(interrupt, ctx context.Context, number, of int, s recovery.Step) error {
	observe := func(o Observer) error {
		if o == nil {
			return nil
		}
		return o(number, of, s)
	}
	if interrupt.Err() != nil {
		return fmt.Errorf("%w: %w", errBetween, context.Cause(interrupt))
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := observe(w.Observe); err != nil {
		return err
	}
	a, ok := w.actions[s.ID]
	if !ok {
		return fmt.Errorf("nothing is known of how to carry out step %s", s.ID)
	}
	if a.done != nil {
		if done, err := a.done(ctx); err != nil || done {
			return err
		}
	}
	if err := a.act(ctx); err != nil {
		return err
	}
	if err := observe(w.Acted); err != nil {
		return err
	}
	return w.record(ctx, number, of, s)
}

// failure tells what was tried, how things are left and what to do.
func (w walk) failure(interrupt, working context.Context, where string, err error) error {
	if cause := context.Cause(working); errors.Is(cause, node.ErrLocked) {
		err = cause
	}
	r := *recovery.AsRefusal(err, recovery.CodeStepFailed, "Recovery Step Failed")
	r.Attempt = "S" + where[1:]
	if errors.Is(err, errBetween) {
		r.Attempt = "Stopped before " + where
	}
	next := "put the cause right and run terraform apply again: it finds out where things stand and does the rest."
	switch _, own := recovery.IsRefusal(err); {
	case own:
	case errors.Is(err, node.ErrLocked):
		r.Code, r.Title = recovery.CodeLockLost, "The Lock Was Lost"
		next = "find out who else is at work on these masters: the file lock in the work folder names the one. When " +
			"that is done, run terraform plan again."
	case errors.Is(interrupt.Err(), context.DeadlineExceeded):
		r.Code, r.Title = recovery.CodeTimeLimit, "The Time Limit Was Reached"
		next = "run terraform apply again: it finds out where things stand and does the rest. The resource's " +
			"timeouts give it longer."
	case interrupt.Err() != nil:
		r.Code, r.Title, r.Cause = recovery.CodeInterrupted, "Recovery Interrupted", nil
		next = "run terraform apply again: it finds out where things stand and does the rest."
	}
	after, cancel := context.WithoutCancel(working), context.CancelFunc(func() {})
	if interrupt.Err() != nil {
		after, cancel = context.WithTimeout(after, closing)
	}
	defer cancel()
	if first := w.secured(after, err); first != "" {
		r.Attempt = first + "\n\n" + r.Attempt
	}
	if r.Untouched == "" || r.Untouched == recovery.NothingTouched {
		r.Untouched = w.left(after, err)
	}
	if r.Next == "" {
		r.Next = next
	}
	return &r
}
