//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults/link"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// pairOffset is how much later the second of two applies starts, at most: about as long as a recovery takes.
const pairOffset = 12 * time.Second

// Pair starts two applies of the same recovery, from two processes with a state each, the second one some time later.
// Each goes on until it succeeds, or is told that the recovery is finished. Only one may be at work at a time.
func (r *Runner) Pair(ctx context.Context, round int) Result {
	return r.attempt(ctx, Series{PairCase(round)}, (*attempt).pair)
}

// PairCase is what a round of two applies goes by.
func PairCase(round int) Case { return Case{Round: round} }

func (a *attempt) pair(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp(a.Dir, "pair-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	defer func() { err = errors.Join(err, a.close()) }()
	if err := a.lose(ctx, filepath.Join(dir, "masters")); err != nil {
		return err
	}
	offset := time.Duration(a.rng.Int64N(int64(pairOffset)))
	turn, heard := &turns{}, make([]refusals, 2)
	var both sync.WaitGroup
	works, ends := make([]*terraform.Workspace, 2), make([]error, 2)
	for i, name := range []string{"first", "second"} {
		socket := filepath.Join(dir, name)
		listener, err := link.Listen(socket, func(e link.Event) {
			if e.Refused != "" {
				heard[i].add(e.Refused)
				return
			}
			if err := turn.hear(i, e); err != nil {
				a.mu.Lock()
				a.errs = append(a.errs, err)
				a.mu.Unlock()
			}
			a.say("%s apply:", name)
			a.hear(ctx, e)
		})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, listener.Close()) }()
		if works[i], err = a.Tools.Example(filepath.Join(dir, "configuration-"+name), a.lab); err != nil {
			return err
		}
		works[i].Env = append(works[i].Env, link.Variable+"="+socket)
		both.Go(func() {
			time.Sleep(time.Duration(i) * offset)
			ends[i] = a.insist(ctx, name, works[i], &heard[i])
		})
	}
	both.Wait()
	a.say("the second apply started %.1f s after the first", offset.Seconds())
	for i, w := range works {
		if ends[i] == nil {
			a.work = w
		}
	}
	if a.work == nil {
		return errors.Join(errors.New("neither apply succeeded"), errors.Join(ends...))
	}
	for _, end := range ends {
		if end != nil && !errors.Is(end, errFinished) {
			return end
		}
	}
	return a.check(ctx)
}

// errFinished is what the one is told whose recovery the other has finished.
var errFinished = errors.New("finished by the other one")

// insist applies until that succeeds or has become pointless.
func (a *attempt) insist(ctx context.Context, name string, w *terraform.Workspace, heard *refusals) error {
	for try := 0; ; try++ {
		r, err := w.Run(ctx, nil, "apply", "-auto-approve", "-no-color")
		a.say("%s apply ended with %d after %.1f s:\n%s", name, r.ExitCode, r.Took.Seconds(), tail(r.Text))
		a.mu.Lock()
		a.result.Applies++
		a.mu.Unlock()
		switch {
		case err != nil:
			return err
		case r.ExitCode == 0:
			return nil
		case slices.Contains(heard.take(), recovery.CodeRecoveryFinished):
			return errFinished
		case try > 2*tries:
			return fmt.Errorf("the %s apply did not come to an end; it said last:\n%s", name, tail(r.Text))
		}
		time.Sleep(time.Second)
	}
}

// turns notices when two operations are at work at a time: one is from the moment that it has the locks, and nothing
// may be heard of another one's in between that was begun before.
type turns struct {
	mu    sync.Mutex
	owner int
	steps int     // heard of the owner
	looks [2]bool // who only looks at a member that is in already, for which it takes no lock
}

func (t *turns) hear(who int, e link.Event) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case e.ID == recovery.StepLock: // waiting for the locks
		t.looks[who] = false
	case e.ID == recovery.StepCheck && e.Number == 1:
		t.looks[who] = true
	case t.looks[who]:
	case e.ID == recovery.StepCheck && !e.Acted:
		t.owner, t.steps = who, 0
	case who != t.owner:
		return fmt.Errorf(
			"two at work at a time: step %s of the %s of one, after the other one had taken the locks and done %d "+
				"steps",
			e.ID,
			e.Operation,
			t.steps,
		)
	default:
		t.steps++
	}
	return nil
}
