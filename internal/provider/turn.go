package provider

import (
	"context"
	"sync"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// turns lets one change at a time into each cluster. It never waits for a particular sibling, so it works with
// -parallelism=1 too.
type turns struct {
	mu       sync.Mutex
	queues   map[string]*queue
	gaveBack func() // is called whenever a turn was given back; for tests
}

// queue is that of one cluster.
type queue struct {
	slot  chan struct{} // who waits longest has it next
	fresh int           // how many wait for their first turn
}

// in runs f when nothing else changes this cluster. The time limit begins when the turn has come, so that the last of
// many members does not pay for those before it. Who finds that another join has to be finished first has a second turn
// after all who have had none yet: that join may be among them.
func (t *turns) in(ctx context.Context, cluster string, timeout time.Duration, f func(context.Context) error) error {
	q := t.queue(cluster)
	t.wait(q, 1)
	err := q.take(ctx)
	for t.wait(q, -1); err == nil; err = q.take(ctx) {
		limited, cancel := context.WithTimeout(ctx, timeout)
		err := f(limited)
		cancel()
		// Counted while nobody else can have the turn: who has it next waits no longer, and may be the join that has to
		// be finished first.
		again := recovery.CodeOf(err) == recovery.CodeBehindAnotherJoin && t.wait(q, 0) > 0
		t.giveBack(q)
		if !again {
			return err
		}
	}
	return &recovery.Refusal{
		Code:      recovery.CodeInterrupted,
		Title:     "Recovery Interrupted",
		Attempt:   "It was waiting for another change to this cluster to end.",
		Untouched: "nothing on this master.",
		Next:      "run terraform apply again.",
		Cause:     err,
	}
}

func (t *turns) queue(cluster string) *queue {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.queues == nil {
		t.queues = map[string]*queue{}
	}
	if t.queues[cluster] == nil {
		t.queues[cluster] = &queue{slot: make(chan struct{}, 1)}
	}
	return t.queues[cluster]
}

// wait adds to the number of those that wait for their first turn, and gives it.
func (t *turns) wait(q *queue, more int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	q.fresh += more
	return q.fresh
}

// giveBack gives a turn back.
func (t *turns) giveBack(q *queue) {
	<-q.slot
	if t.gaveBack != nil {
		t.gaveBack()
	}
}

// take waits for a turn.
func (q *queue) take(ctx context.Context) error {
	select {
	case q.slot <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil { // both were ready: an interrupted apply must not begin another change
		<-q.slot
		return err
	}
	return nil
}
