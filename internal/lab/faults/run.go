//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults/link"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/history"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

const (
	survivor = "m1"
	keys     = 200
	diskSize = 500 << 20 // of a master, where it is to become full
	tries    = 8         // applies after one that a fault strikes
	limit    = 10 * time.Minute
	endLimit = 30 * time.Second // for an apply to end after Ctrl-C
)

// Runner runs cases.
type Runner struct {
	Tools *terraform.Tools
	Dir   string      // for labs and configurations
	Lab   lab.Options // of each case; its folder is made here
	Seed  uint64
	Took  Durations // of the steps in a run without faults; nil is a guess
}

// Durations are those of steps, by operation and ID.
type Durations map[string]time.Duration

func key(operation recovery.Operation, step recovery.StepID) string {
	return fmt.Sprintf("%s %s", operation, step)
}

// Result is what a case came to. It is good when Err is nil.
type Result struct {
	Case
	Then Series // what struck after it
	Outcome
	Err       error
	Struck    bool
	Log       string
	Durations Durations
}

// All are the cases that this came of.
func (r Result) All() Series { return append(Series{r.Case}, r.Then...) }

// Outcome is what is counted of a result.
type Outcome struct {
	Node       string        // that was struck; "" where it was the provider
	FirstExit  int           // exit code of the apply that was struck
	Applies    int           // until one succeeded, the struck one included
	EndedAfter time.Duration // from Ctrl-C to the end of the apply
	Took       time.Duration
	Writes     int    // acknowledged while members joined
	Version    string // of etcd
	// The wiped masters had founded their places anew while the survivor was out of reach, and the apply kept its hands
	// off.
	Refused bool
}

// attempt is a case at work.
type attempt struct {
	*Runner
	Case
	later    Series // what strikes after it
	tries    int    // applies after the first
	full     bool   // a disk will be
	striking sync.WaitGroup
	lab      *lab.Lab
	work     *terraform.Workspace
	rng      *rand.Rand
	watcher  *history.Watcher
	log      strings.Builder
	mu       sync.Mutex
	result   Result
	joining  string    // the member whose join is at work
	refused  refusals  // by the apply at work
	began    time.Time // of the step at work
	recorder *history.Recorder
	heals    []func() error
	signal   time.Time // of Ctrl-C
	digest   string    // of the seed's data when it was stopped last before it was forced
	forcing  bool
	errs     []error
}

var errTooLong = errors.New("the case takes too long")

// errVoid is a case that had nothing to recover. On a loaded machine a wiped master may not hear of the survivor in
// time, found its place anew under its old ID, and be a majority with the survivor: the cluster has come back by
// itself, as the first apply says before anything is struck.
var errVoid = errors.New("the masters had come back by themselves before the recovery began")

// mostVoid is how often a case may be void.
const mostVoid = 3

// Run carries out one case. A case without a fault is a recovery without one.
func (r *Runner) Run(ctx context.Context, c Case) Result { return r.RunSeries(ctx, Series{c}) }

// RunSeries carries out a series. The result is that of its first case, and good when all have struck and all is well
// in the end.
func (r *Runner) RunSeries(ctx context.Context, s Series) Result {
	for void := 1; ; void++ {
		if result := r.attempt(ctx, s, (*attempt).run); !errors.Is(result.Err, errVoid) || void == mostVoid {
			return result
		}
	}
}

func (r *Runner) attempt(ctx context.Context, s Series, run func(*attempt, context.Context) error) Result {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Duration(len(s))*limit, errTooLong)
	defer cancel()
	name := fnv.New64a()
	_, _ = name.Write([]byte(s.String()))
	a := &attempt{Runner: r, Case: s[0], later: s[1:], rng: rand.New(rand.NewPCG(r.Seed, name.Sum64()))}
	a.tries, a.full = len(s)*tries, slices.ContainsFunc(s, func(c Case) bool { return c.Fault.Name == diskFull })
	a.result.Case, a.result.Then, a.result.Durations = s[0], s[1:], Durations{}
	began := time.Now()
	err := run(a, ctx)
	if errors.Is(context.Cause(ctx), errTooLong) { // where the lab itself stands still
		stacks := make([]byte, 4<<20)
		a.say("%s", stacks[:runtime.Stack(stacks, true)])
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.result.Err, a.result.Took, a.result.Log = errors.Join(
		append([]error{err}, a.errs...)...), time.Since(began), a.log.String()
	return a.result
}

func (a *attempt) say(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, _ = fmt.Fprintf(&a.log, "%s "+format+"\n", append([]any{time.Now().Format("15:04:05.000")}, args...)...)
}

func (a *attempt) run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp(a.Dir, "case-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := a.lose(ctx, filepath.Join(dir, "masters")); err != nil {
		return errors.Join(err, a.close())
	}
	defer func() { err = errors.Join(err, a.close()) }()

	socket := filepath.Join(dir, "watch")
	listener, err := link.Listen(socket, func(e link.Event) {
		if e.Refused != "" {
			a.refused.add(e.Refused)
			return
		}
		a.hear(ctx, e)
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, listener.Close()) }()
	if a.work, err = a.Tools.Example(filepath.Join(dir, "configuration"), a.lab); err != nil {
		return err
	}
	a.work.Env = append(a.work.Env, link.Variable+"="+socket)
	if err := a.apply(ctx); err != nil {
		return err
	}
	if a.result.Refused && len(a.later) > 0 {
		return errVoid // for those that are left
	}
	if a.result.Refused {
		return a.untouched()
	}
	return a.check(ctx)
}

func (a *attempt) close() error {
	if a.lab == nil {
		return nil
	}
	return a.lab.Close()
}

// lose makes masters, and takes two of three their data.
func (a *attempt) lose(ctx context.Context, dir string) error {
	o := a.Lab
	o.Dir = dir
	// A wiped etcd fails to start again and again; how often is of no interest here.
	o.Kubelet = lab.KubeletTiming{Backoff: time.Second, BackoffMax: 15 * time.Second}
	if a.full {
		o.DiskSize = diskSize
	}
	var err error
	if a.lab, err = lab.Start(ctx, o); err != nil {
		return err
	}
	a.result.Version = a.lab.Version()
	if err := a.lab.Fill(ctx, keys, 100); err != nil {
		return err
	}
	// The cluster knows the survivor at an address at which it is no more, so that this step has something to do, too.
	if err := a.movePeerURL(ctx); err != nil {
		return err
	}
	if err := a.lab.Lose(a.lab.Nodes()[1:]...); err != nil {
		return err
	}
	a.watcher, err = history.Watch(ctx, a.lab)
	return err
}

func (a *attempt) movePeerURL(ctx context.Context) error {
	c, err := a.lab.Client(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	list, err := c.MemberList(ctx)
	if err != nil {
		return fmt.Errorf("asking for the members: %w", err)
	}
	for _, m := range list.Members {
		if m.Name == survivor {
			if _, err := c.MemberUpdate(
				ctx,
				m.ID,
				[]string{"https://" + a.lab.Node(survivor).Host() + ":12380"},
			); err != nil {
				return fmt.Errorf("moving the peer URL of %s: %w", survivor, err)
			}
		}
	}
	return nil
}

// apply applies until it succeeds: the first time with the fault, then without.
func (a *attempt) apply(ctx context.Context) error {
	for {
		r, err := a.work.Run(ctx, nil, "apply", "-auto-approve", "-no-color")
		a.say("apply ended with %d after %.1f s:\n%s", r.ExitCode, r.Took.Seconds(), tail(r.Text))
		if err != nil {
			return err
		}
		a.result.Applies++
		refused := a.refused.take()
		a.mu.Lock()
		first, struck, heals := a.result.Applies == 1, a.result.Struck, a.heals
		if first {
			a.result.FirstExit = r.ExitCode
		}
		if !a.signal.IsZero() {
			a.result.EndedAfter = max(a.result.EndedAfter, r.Began.Add(r.Took).Sub(a.signal))
			a.signal = time.Time{}
		}
		a.heals = nil
		a.mu.Unlock()
		for _, heal := range heals {
			if err := heal(); err != nil {
				return fmt.Errorf("after the fault: %w", err)
			}
		}
		switch {
		case r.ExitCode == 0:
			return nil
		case first && !struck && slices.Contains(refused, recovery.CodeClusterAlive):
			return errVoid
		case struck && a.foundedAnew(refused):
			a.result.Refused = true
			return nil
		case a.result.Applies > a.tries:
			return fmt.Errorf("%d applies did not recover; the last one said:\n%s", a.result.Applies, tail(r.Text))
		case !first: // something may need a moment, as it would for a person
			time.Sleep(2 * time.Second)
		}
	}
}

func tail(text string) string {
	if i := strings.LastIndex(text, "etcdrecovery_seed.this: Creating"); i > 0 {
		return text[i:]
	}
	return text[max(0, len(text)-4000):]
}
