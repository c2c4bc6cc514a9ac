package provider

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestTurns has a join that finds another one broken off. It waits for those that have not had a turn yet, and for
// nobody else.
func TestTurns(t *testing.T) {
	for _, c := range []struct {
		name    string
		mends   bool // the other one finishes the join that was broken off
		waiters int
		calls   int // of the first, until it is told no or is done
	}{
		{"the other one finishes it", true, 1, 2},
		{"nobody finishes it", false, 3, 2},
		{"nobody else is there", false, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// Who gives a turn back stands still until all others have gone as far as they can: the next one has
				// the turn by then.
				all := turns{gaveBack: synctest.Wait}
				pending, atWork, calls := true, 0, 0
				behind := &recovery.Refusal{Code: recovery.CodeBehindAnotherJoin, Title: "Behind"}
				visit := func(mine func() error) func(context.Context) error {
					return func(ctx context.Context) error {
						if atWork++; atWork != 1 {
							t.Error("two are at work")
						}
						defer func() { atWork-- }()
						time.Sleep(time.Second) // until all others wait
						return errors.Join(ctx.Err(), mine())
					}
				}
				var others sync.WaitGroup
				for range c.waiters {
					others.Go(func() {
						time.Sleep(time.Millisecond)
						err := all.in(t.Context(), "c", time.Minute, visit(func() error {
							if !c.mends {
								return behind
							}
							pending = false
							return nil
						}))
						if (err == nil) != c.mends {
							t.Errorf("another one: %v", err)
						}
					})
				}
				err := all.in(t.Context(), "c", time.Minute, visit(func() error {
					if calls++; pending {
						return behind
					}
					return nil
				}))
				if calls != c.calls || (err == nil) != c.mends {
					t.Errorf("%d turns: %v", calls, err)
				}
				others.Wait()
			})
		})
	}
}

// TestTurnInterrupted stops one that waits.
func TestTurnInterrupted(t *testing.T) {
	var all turns
	ctx, cancel := context.WithCancel(t.Context())
	err := all.in(t.Context(), "c", time.Minute, func(context.Context) error {
		cancel()
		err := all.in(ctx, "c", time.Minute, func(context.Context) error { t.Error("it had a turn"); return nil })
		if recovery.CodeOf(err) != recovery.CodeInterrupted || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
