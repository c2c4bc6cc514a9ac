// Package wait looks at something again and again until it is as it should be. It is for what nobody tells the lab of;
// what ends with a channel or a process is waited for where it is.
package wait

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// finalError ends a wait.
type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

// Final marks an error that no waiting changes. Without an error there is nothing to mark.
func Final(err error) error {
	if err == nil {
		return nil
	}
	return finalError{err}
}

// longest is how long is waited where the caller has set no limit.
const longest = 10 * time.Minute

// Until calls check, and again after each pause, until it succeeds or its error is Final. When ctx ends, or after ten
// minutes where it has no deadline, the error holds that of ctx and that of the last try.
func Until(ctx context.Context, pause time.Duration, check func() error) error {
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, longest)
		defer cancel()
	}
	for {
		err := check()
		var final finalError
		if err == nil || errors.As(err, &final) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}
