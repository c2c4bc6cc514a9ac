//go:build linux

package history

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

const (
	watchPace    = 250 * time.Millisecond
	watchTimeout = 500 * time.Millisecond
)

// A Watcher writes to each node's etcd separately, and remembers who acknowledged what.
type Watcher struct {
	cancel  context.CancelFunc
	etcd    map[string]*clientv3.Client // by node
	prefix  string
	running sync.WaitGroup

	mu   sync.Mutex
	acks []Ack
}

// Ack is a write that one node's etcd has acknowledged.
type Ack struct {
	Node     string
	Key      string
	Revision int64 // of the write
	Cluster  uint64
	Member   uint64
	Sent     time.Time
	Acked    time.Time
}

func (a Ack) String() string {
	return fmt.Sprintf("%s, cluster %x, member %x, revision %d, at %s: %s",
		a.Node, a.Cluster, a.Member, a.Revision, a.Acked.Format("15:04:05.000"), a.Key)
}

// Watch tries one write every 250 ms to each of these nodes, or of all, with a timeout of 500 ms, until Stop or ctx
// ends.
func Watch(ctx context.Context, l *lab.Lab, nodes ...string) (*Watcher, error) {
	ctx, cancel := context.WithCancel(ctx)
	w := &Watcher{cancel: cancel, etcd: map[string]*clientv3.Client{}}
	// No other watcher of this lab may write these keys again: they would have another revision.
	w.prefix = fmt.Sprintf("watch/%d/", time.Now().UnixNano())
	for _, m := range orAll(l, nodes) {
		c, err := l.Client(ctx, m)
		if err != nil {
			w.Stop()
			return nil, err
		}
		w.etcd[m] = c
	}
	for m, c := range w.etcd {
		w.running.Go(func() { w.watch(ctx, m, c) })
	}
	return w, nil
}

func (w *Watcher) watch(ctx context.Context, node string, etcd *clientv3.Client) {
	pace := time.NewTicker(watchPace)
	defer pace.Stop()
	// Each key is tried once: after a failure nobody knows whether it is there.
	for n := 0; ; n++ {
		select {
		case <-pace.C:
		case <-ctx.Done():
			return
		}
		w.write(ctx, etcd, Ack{Node: node, Key: fmt.Sprintf("%s%s/%d", w.prefix, node, n)})
	}
}

func (w *Watcher) write(ctx context.Context, etcd *clientv3.Client, a Ack) {
	try, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	a.Sent = time.Now()
	r, err := etcd.Put(try, a.Key, a.Node)
	if err != nil {
		return
	}
	a.Acked = time.Now()
	a.Revision, a.Cluster, a.Member = r.Header.Revision, r.Header.ClusterId, r.Header.MemberId
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acks = append(w.acks, a)
}

// Stop ends the writes.
func (w *Watcher) Stop() {
	w.cancel()
	w.running.Wait()
	for _, c := range w.etcd {
		_ = c.Close()
	}
}

// Acks are the acknowledged writes so far, in the order of their acknowledgements.
func (w *Watcher) Acks() []Ack {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.acks)
}

// Acked is the number of acknowledged writes so far, by node.
func (w *Watcher) Acked() map[string]int {
	n := map[string]int{}
	for _, a := range w.Acks() {
		n[a.Node]++
	}
	return n
}

// First is the first acknowledged write that was sent after this time, or of all if the time is zero.
func (w *Watcher) First(after time.Time) (ack Ack, found bool) {
	for _, a := range w.Acks() {
		if a.Sent.After(after) {
			return a, true
		}
	}
	return Ack{}, false
}
