//go:build linux

package lab

import (
	"context"
	"fmt"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	writerPace    = 5 * time.Millisecond // at most 200 writes a second
	writerTimeout = time.Second          // of one write
	writerKey     = "writer/"
)

// A Writer writes one key after the other and remembers which were acknowledged: the client whose data must not get
// lost.
type Writer struct {
	client  *clientv3.Client
	cancel  context.CancelFunc
	done    chan struct{}
	mu      sync.Mutex
	report  WriterReport
	last    time.Time // success, or the start
	stopped bool
}

// WriterReport says how a writer fared.
type WriterReport struct {
	Acked       []string // keys whose write etcd has acknowledged
	Unknown     []string // keys whose write failed; it may have happened all the same
	Failed      int      // of Unknown, those that etcd failed and not Stop
	LongestGap  time.Duration
	GapEnded    time.Time // when the longest gap between two successful writes ended
	LastFailure error
}

// StartWriter writes about 200 keys a second to these nodes, or to all, one at a time, until Stop.
func (l *Lab) StartWriter(ctx context.Context, nodes ...string) (*Writer, error) {
	return l.StartWriterAt(ctx, writerPace, nodes...)
}

// StartWriterAt is StartWriter with another pace. A write that has to wait shows an outage at any pace, and a cluster
// with much to write keeps a machine busy.
func (l *Lab) StartWriterAt(ctx context.Context, pace time.Duration, nodes ...string) (*Writer, error) {
	ctx, cancel := context.WithCancel(ctx)
	c, err := l.Client(ctx, nodes...)
	if err != nil {
		cancel()
		return nil, err
	}
	w := &Writer{client: c, cancel: cancel, done: make(chan struct{}), last: time.Now()}
	go w.run(ctx, pace)
	return w, nil
}

func (w *Writer) run(ctx context.Context, pace time.Duration) {
	defer close(w.done)
	tick := time.NewTicker(pace)
	defer tick.Stop()
	prefix := fmt.Sprintf("%s%d/", writerKey, time.Now().UnixNano())
	for i := 0; ; i++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		w.write(ctx, fmt.Sprintf("%s%08d", prefix, i))
	}
}

func (w *Writer) write(ctx context.Context, key string) {
	try, cancel := context.WithTimeout(ctx, writerTimeout)
	defer cancel()
	_, err := w.client.Put(try, key, key)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err == nil:
		w.report.Acked = append(w.report.Acked, key)
		w.gap()
	case ctx.Err() != nil: // stopped in the middle of a write: no failure of etcd's
		w.report.Unknown = append(w.report.Unknown, key)
	default:
		w.report.Unknown = append(w.report.Unknown, key)
		w.report.Failed++
		w.report.LastFailure = err
	}
}

// gap ends the time since the last success. w.mu is held.
func (w *Writer) gap() {
	now := time.Now()
	if gap := now.Sub(w.last); gap > w.report.LongestGap {
		w.report.LongestGap, w.report.GapEnded = gap, now
	}
	w.last = now
}

// Acked is the number of writes acknowledged so far.
func (w *Writer) Acked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.report.Acked)
}

// Stop ends the writer. A gap that lasts until now counts.
func (w *Writer) Stop() WriterReport {
	w.cancel()
	<-w.done
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopped {
		w.stopped = true
		w.gap()
		_ = w.client.Close()
	}
	return w.report
}

// Missing returns those of the keys that one node's own data does not have.
func (l *Lab) Missing(ctx context.Context, node string, keys []string) ([]string, error) {
	c, err := l.Client(ctx, node)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	r, err := c.Get(ctx, writerKey, clientv3.WithPrefix(), clientv3.WithKeysOnly(), clientv3.WithSerializable())
	if err != nil {
		return nil, fmt.Errorf("reading the keys of %s: %w", node, err)
	}
	have := make(map[string]bool, len(r.Kvs))
	for _, kv := range r.Kvs {
		have[string(kv.Key)] = true
	}
	var missing []string
	for _, k := range keys {
		if !have[k] {
			missing = append(missing, k)
		}
	}
	return missing, nil
}
