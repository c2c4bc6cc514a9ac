//go:build linux

package machine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// fatalError ends a wait.
type fatalError struct{ error }

func fatal(err error) error { return fatalError{err} }

// poll tries every 10 ms until check succeeds or its error is fatal. When ctx ends, the error is that of the last try.
func poll(ctx context.Context, check func() error) error {
	for {
		err := check()
		var f fatalError
		if err == nil || errors.As(err, &f) {
			return err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}
