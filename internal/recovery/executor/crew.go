package executor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Options are what a recovery needs from outside.
type Options struct {
	Now     func() time.Time
	Observe Observer // hears of each step before it is carried out
	Acted   Observer // hears of each step that was carried out, before it is in the journal
	// Fault hears of a panic, with its stack; it is for the log.
	Fault func(text, stack string)
}

func (o Options) now() time.Time {
	if o.Now == nil {
		return time.Now()
	}
	return o.Now()
}

// crew is the set of masters that one operation acts on, with their locks.
type crew struct {
	Options
	masters map[string]*master
	holder  string
	locked  []*master
	stop    func()
	abort   context.CancelCauseFunc
}

func newCrew(
	o Options,
	what string,
	nodes map[string]*node.Node,
	all recovery.Survey,
	abort context.CancelCauseFunc,
) *crew {
	c := &crew{
		Options: o,
		masters: map[string]*master{},
		holder:  holderOf(what, o.now()),
		stop:    func() {},
		abort:   abort,
	}
	for name, n := range nodes {
		c.masters[name] = newMaster(n.As(c.holder), all.Node(name))
	}
	return c
}

// lock takes the locks of these masters and keeps them alive until release. Masters that may be silent are left out
// when they are.
func (c *crew) lock(ctx context.Context, needed, others []string) error {
	// All at once, which dials them too.
	var mu sync.Mutex
	held, silent := map[string]*node.Locked{}, map[string]error{}
	_ = c.each(ctx, append(slices.Clone(needed), others...), func(ctx context.Context, m *master) error {
		l, err := m.LockHeld(ctx)
		mu.Lock()
		defer mu.Unlock()
		held[m.Name], silent[m.Name] = l, err
		return nil
	})
	// A holder that gives a sign of life anywhere is alive everywhere.
	for _, name := range slices.Sorted(maps.Keys(held)) {
		if l := held[name]; l != nil && l.Silent < node.LockStale && !abandoned(l.Holder) {
			return atWork(l)
		}
	}
	names := slices.DeleteFunc(append(slices.Clone(needed), others...), func(name string) bool {
		return silent[name] != nil && slices.Contains(others, name)
	})
	slices.Sort(names) // so that two operations cannot hold one another up
	for _, name := range names {
		m := c.masters[name]
		// A lock whose answer is lost may have been taken all the same, so it is given back whatever comes.
		c.locked = append(c.locked, m)
		err := c.lockOne(ctx, m)
		var l *node.Locked
		if errors.As(err, &l) {
			return atWork(l)
		}
		if err != nil {
			return err
		}
	}
	beat, stop := context.WithCancel(context.WithoutCancel(ctx))
	var beats sync.WaitGroup
	for _, m := range c.locked {
		beats.Go(func() { c.beat(beat, m) })
	}
	c.stop = func() { stop(); beats.Wait() }
	return nil
}

func atWork(l *node.Locked) error {
	return &recovery.Refusal{
		Code:  recovery.CodeLocked,
		Title: "Another Recovery Is at Work",
		Found: l.Error() + ".",
		Next: fmt.Sprintf(
			"wait until it is done. If it is gone for good, its lock is taken over %s after its last sign of life on "+
				"any master; to clear it at once: rm %s (on %s).",
			node.LockStale,
			l.Path,
			l.Master,
		),
	}
}

// beat keeps one lock alive. A master that does not answer now may again before its lock is stale; a lock that is
// somebody else's now ends the operation.
func (c *crew) beat(ctx context.Context, m *master) {
	tick := time.NewTicker(node.LockBeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		short, cancel := context.WithTimeout(ctx, node.LockBeat)
		err := m.TouchLock(short)
		cancel()
		if errors.Is(err, node.ErrLocked) {
			c.abort(err)
			return
		}
	}
}

func (c *crew) lockOne(ctx context.Context, m *master) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := atomic(ctx)
	defer cancel()
	err := m.Lock(ctx, c.holder, "")
	var l *node.Locked
	if errors.As(err, &l) && abandoned(l.Holder) {
		return m.Lock(ctx, c.holder, l.Holder)
	}
	return err
}

// release gives the locks back and closes the connections to etcd. On a node that does not answer, as one that is
// started anew, that is tried for as long as a change may take. Who comes next takes over a lock that stays behind.
func (c *crew) release(ctx context.Context) {
	c.stop()
	ctx, cancel := atomic(ctx)
	defer cancel()
	var all sync.WaitGroup
	for _, m := range c.locked {
		all.Go(func() {
			for m.Unlock(ctx) != nil && ctx.Err() == nil {
				time.Sleep(time.Second / 2)
			}
		})
	}
	all.Wait()
	for _, m := range c.masters {
		m.close()
	}
}

// each runs f on these masters at once. A panic on one of them is the caller's.
func (c *crew) each(ctx context.Context, names []string, f func(context.Context, *master) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, name := range names {
		g.Go(func() error { return recovery.Caught(name, func() error { return f(ctx, c.masters[name]) }) })
	}
	return recovery.Raise(g.Wait())
}

// refresh surveys the masters anew and takes over what was found.
func (c *crew) refresh(ctx context.Context) (recovery.Survey, error) {
	nodes := map[string]*node.Node{}
	for name, m := range c.masters {
		nodes[name] = m.Node
	}
	all := Look(ctx, nodes, c.now())
	if err := ctx.Err(); err != nil {
		return nil, err // what was broken off says nothing of the masters
	}
	for name, m := range c.masters {
		m.ev = all.Node(name)
	}
	return all, nil
}

// unchanged refuses when a master's manifest is not the one that the plan was made for.
func unchanged(planned, live recovery.Evidence) error {
	if planned.Manifest == "" || planned.ManifestHash() == live.ManifestHash() {
		return nil
	}
	return &recovery.Refusal{
		Code:  recovery.CodeNodeChanged,
		Title: "A Master Changed Since the Plan",
		Found: fmt.Sprintf(
			"etcd's manifest on %s is not the one that the plan was made for: %s had SHA-256 %s, and now has %s.%s",
			planned.Name,
			planned.ManifestPath,
			planned.ManifestHash()[:12],
			live.ManifestHash()[:12],
			strings.Join(append([]string{""}, live.Problems...), " "),
		),
		Next: "run terraform plan again and look at what it will write now.",
	}
}
