package ssh

import (
	"context"
	"sync"
)

// limit is how many sessions may be open at a time. It is lowered when a server allows fewer than it was thought to.
type limit struct {
	mu      sync.Mutex
	open    int
	most    int
	changed chan struct{} // closed, and made anew, when a session ends
}

func newLimit(most int) *limit { return &limit{most: most, changed: make(chan struct{})} }

// take waits for a session to be free.
func (l *limit) take(ctx context.Context) error {
	for {
		l.mu.Lock()
		if l.open < l.most {
			l.open++
			l.mu.Unlock()
			return nil
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *limit) give() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	close(l.changed)
	l.changed = make(chan struct{})
}

// lower notes that the server has refused a session while others were open, and tells whether there were any.
func (l *limit) lower() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open < 2 {
		return false
	}
	l.most = min(l.most, l.open-1)
	return true
}
