package recovery

import (
	"context"
	"errors"
	"fmt"
)

// Step is one line of the runbook: what the plan shows, what the journal records, what an error names. It is skipped when done says
// that it holds already, which is what makes an interrupted recovery go on.
type Step struct {
	Master string
	Title  string

	done   func(context.Context) (bool, error)
	act    func(context.Context) error
	verify func(context.Context) error
}

// Titles gives the list as the plan shows it.
func Titles(steps []Step) []string {
	var titles []string
	for i, s := range steps {
		titles = append(titles, fmt.Sprintf("%d/%d %s: %s", i+1, len(steps), s.Master, s.Title))
	}
	return titles
}

// Observer hears of each step before it is carried out. An error stops the recovery there.
type Observer func(step int, of int, s Step) error

// carryOut walks the list: check, act, verify.
func carryOut(ctx context.Context, steps []Step, observe Observer, record func(context.Context, string) error, touched func() string) error {
	for i, s := range steps {
		where := fmt.Sprintf("Step %d of %d on %s: %s.", i+1, len(steps), s.Master, s.Title)
		fail := func(err error) error {
			r := *asRefusal(err, "Recovery Step Failed")
			if errors.Is(err, context.Canceled) {
				r.Title = "Recovery Interrupted"
			}
			r.Attempt = where
			if r.Untouched == "" {
				r.Untouched = touched()
			}
			if r.Next == "" {
				r.Next = "put the cause right and run terraform apply again: it goes on from where things stand."
			}
			return &r
		}
		if ctx.Err() != nil {
			return fail(context.Cause(ctx))
		}
		if observe != nil {
			if err := observe(i+1, len(steps), s); err != nil {
				return fail(err)
			}
		}
		if s.done != nil {
			done, err := s.done(ctx)
			if err != nil {
				return fail(err)
			}
			if done {
				continue
			}
		}
		for _, f := range []func(context.Context) error{s.act, s.verify} {
			if f == nil {
				continue
			}
			if err := f(ctx); err != nil {
				return fail(err)
			}
		}
		if record != nil {
			if err := record(ctx, s.Title); err != nil {
				return fail(err)
			}
		}
	}
	return nil
}
