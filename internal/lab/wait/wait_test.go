package wait_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
)

var errNotYet = errors.New("not yet")

func TestUntil(t *testing.T) {
	t.Run("success on the third try", func(t *testing.T) {
		tries := 0
		err := wait.Until(t.Context(), time.Microsecond, func() error {
			if tries++; tries < 3 {
				return errNotYet
			}
			return nil
		})
		if err != nil || tries != 3 {
			t.Errorf("%d tries, %v", tries, err)
		}
	})
	t.Run("final error ends the wait", func(t *testing.T) {
		tries := 0
		err := wait.Until(t.Context(), time.Hour, func() error { tries++; return wait.Final(errNotYet) })
		if !errors.Is(err, errNotYet) || tries != 1 {
			t.Errorf("%d tries, %v", tries, err)
		}
	})
	t.Run("canceled context names the last error", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := wait.Until(ctx, time.Hour, func() error { return errNotYet })
		if !errors.Is(err, context.Canceled) || !errors.Is(err, errNotYet) {
			t.Errorf("got %v", err)
		}
	})
}
