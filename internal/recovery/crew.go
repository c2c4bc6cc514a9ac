package recovery

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// Options are what a recovery needs from outside.
type Options struct {
	Now     func() time.Time
	Observe Observer
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

func newCrew(o Options, nodes map[string]*node.Node, all map[string]Evidence, abort context.CancelCauseFunc) *crew {
	c := &crew{Options: o, masters: map[string]*master{}, stop: func() {}, abort: abort}
	for name, n := range nodes {
		c.masters[name] = newMaster(n, all[name])
	}
	host, _ := os.Hostname()
	c.holder = fmt.Sprintf("pid %d on %s (%s) since %s", os.Getpid(), host, processSpace(), o.now().UTC().Format(time.RFC3339Nano))
	return c
}

// greet dials these masters, all at once, and tells which of them answer.
func (c *crew) greet(ctx context.Context, names []string) map[string]bool {
	var mu sync.Mutex
	answering := map[string]bool{}
	_ = c.each(ctx, names, func(ctx context.Context, m *master) error {
		_, err := m.Exists(ctx, m.WorkDir)
		mu.Lock()
		defer mu.Unlock()
		answering[m.Name] = err == nil
		return nil
	})
	return answering
}

// lock takes the locks of these masters, in the order of their names so that two operations cannot hold one another up, and keeps them
// alive until release.
func (c *crew) lock(ctx context.Context, names []string) error {
	slices.Sort(names)
	for _, name := range names {
		m := c.masters[name]
		// A lock whose answer is lost may have been taken all the same, so it is given back whatever comes.
		c.locked = append(c.locked, m)
		err := c.lockOne(ctx, m)
		var held *node.Locked
		if errors.As(err, &held) {
			return &Refusal{Title: "Another Recovery Is at Work", Found: held.Error() + ".", Untouched: nothingTouched,
				Next: fmt.Sprintf("wait until it is done. If it is gone for good, its lock is taken over %s after its last sign of life; to clear it at once: rm %s (on %s).", node.LockStale, held.Path, held.Master)}
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

// beat keeps one lock alive. A master that does not answer now may again before its lock is stale; a lock that is somebody else's now ends
// the operation.
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
		err := m.TouchLock(short, c.holder)
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
	var held *node.Locked
	if errors.As(err, &held) && abandoned(held.Holder) {
		return m.Lock(ctx, c.holder, held.Holder)
	}
	return err
}

// processSpace identifies the space in which a process ID means anything: this boot of this machine, and the PID namespace.
func processSpace() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "-"
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return "-"
	}
	return strings.TrimSpace(string(boot)) + " " + space
}

// abandoned tells that a holder was a process of this machine that is no more.
func abandoned(holder string) bool {
	var pid int
	head, rest, ok := strings.Cut(holder, " (")
	if _, err := fmt.Sscanf(head, "pid %d on ", &pid); err != nil || !ok || processSpace() == "-" || !strings.HasPrefix(rest, processSpace()+") ") {
		return false
	}
	_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	return errors.Is(err, os.ErrNotExist)
}

// release gives the locks back and closes the connections to etcd.
func (c *crew) release(ctx context.Context) {
	c.stop()
	ctx, cancel := atomic(ctx)
	defer cancel()
	var all sync.WaitGroup
	for _, m := range c.locked {
		all.Go(func() { _ = m.Unlock(ctx, c.holder) })
	}
	all.Wait()
	for _, m := range c.masters {
		m.close()
	}
}

// each runs f on these masters at once.
func (c *crew) each(ctx context.Context, names []string, f func(context.Context, *master) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, name := range names {
		g.Go(func() error { return f(ctx, c.masters[name]) })
	}
	return g.Wait()
}

// refresh surveys the masters anew and takes over what was found.
func (c *crew) refresh(ctx context.Context) (map[string]Evidence, error) {
	nodes := map[string]*node.Node{}
	for name, m := range c.masters {
		nodes[name] = m.Node
	}
	all := Survey(ctx, nodes, c.now())
	if err := ctx.Err(); err != nil {
		return nil, err // what was broken off says nothing of the masters
	}
	for name, m := range c.masters {
		m.ev = all[name]
	}
	return all, nil
}

// unchanged refuses when a master's manifest is not the one that the plan was made for.
func unchanged(planned, live Evidence) error {
	if planned.Manifest == "" || planned.hash() == live.hash() {
		return nil
	}
	return &Refusal{Title: "A Master Changed Since the Plan", Untouched: nothingTouched,
		Found: fmt.Sprintf("etcd's manifest on %s is not the one that the plan was made for: %s had SHA-256 %s, and now has %s.%s",
			planned.Name, planned.ManifestPath, planned.hash()[:12], live.hash()[:12], strings.Join(append([]string{""}, live.Problems...), " ")),
		Next: "run terraform plan again and look at what it will write now."}
}
