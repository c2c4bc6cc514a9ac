//go:build linux

package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

const (
	clients     = 4 // of them
	pinned      = 2 // on the first node only
	keys        = 5 // few, so that clients meet
	clientPace  = 100 * time.Millisecond
	callTimeout = time.Second
)

// A Recorder has clients work on a few keys, and records what they did and saw.
type Recorder struct {
	cancel  context.CancelFunc
	callers []*caller
	running sync.WaitGroup
	stop    sync.Once

	mu     sync.Mutex
	report Report
	last   time.Duration // when a write was acknowledged last
}

// Start has 4 clients work on 5 new keys of these nodes, or of all, at about 10 operations a second each, until Stop
// or ctx ends. Two clients use the first node only, and the others all of them. The seed decides who does what,
// though not when.
func Start(ctx context.Context, l *lab.Lab, seed int64, nodes ...string) (*Recorder, error) {
	nodes = orAll(l, nodes)
	ctx, cancel := context.WithCancel(ctx)
	r := &Recorder{cancel: cancel}
	r.report.Began = time.Now()
	// No other recorder of this lab may have written these keys, because the check takes them to be absent at first.
	r.report.Prefix = fmt.Sprintf("history/%d/", r.report.Began.UnixNano())
	for i := range keys {
		r.report.Keys = append(r.report.Keys, fmt.Sprintf("%s%d", r.report.Prefix, i))
	}
	for i := range clients {
		of := nodes
		if i < pinned {
			of = nodes[:1]
		}
		c, err := l.Client(ctx, of...)
		if err != nil {
			r.end()
			return nil, err
		}
		r.callers = append(r.callers, &caller{
			recorder: r, id: i, etcd: c, keys: r.report.Keys, seen: map[string]string{},
			rand: rand.New(rand.NewPCG(uint64(seed), uint64(i))),
		})
	}
	for _, c := range r.callers {
		r.running.Go(func() { c.run(ctx) })
	}
	return r, nil
}

func orAll(l *lab.Lab, nodes []string) []string {
	if len(nodes) > 0 {
		return nodes
	}
	for _, m := range l.Nodes() {
		nodes = append(nodes, m.Name())
	}
	return nodes
}

// now is the time since the start. It is monotonic.
func (r *Recorder) now() time.Duration { return time.Since(r.report.Began) }

// add records an operation. Those that overlap are in any order.
func (r *Recorder) add(op Op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = r.report.add(op, r.last)
}

func (r *Recorder) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.LastFailure = err
}

// Acked is the number of writes acknowledged so far.
func (r *Recorder) Acked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.report.Acked
}

// end breaks off the clients and returns when they are gone.
func (r *Recorder) end() {
	r.cancel()
	r.running.Wait()
	for _, c := range r.callers {
		_ = c.etcd.Close()
	}
}

// Stop ends the clients. What they were at is unknown. A gap that lasts until now counts.
func (r *Recorder) Stop() Report {
	r.stop.Do(func() {
		r.end()
		r.report.gap(r.last, r.now())
	})
	return r.report
}
