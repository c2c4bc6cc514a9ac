//go:build linux

package proc

import "sync"

// A FreezeGate holds still whoever comes to it while it is shut: whatever a node does in this process while the node is
// frozen, and what a kubelet does while that is stopped.
type FreezeGate struct {
	mu   sync.Mutex
	shut bool
	pass chan struct{} // closed while the gate is open
}

// NewFreezeGate returns one that is open.
func NewFreezeGate() *FreezeGate {
	g := &FreezeGate{pass: make(chan struct{})}
	close(g.pass)
	return g
}

// Set shuts or opens the gate.
func (g *FreezeGate) Set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if shut == g.shut {
		return
	}
	g.shut = shut
	if shut {
		g.pass = make(chan struct{})
		return
	}
	close(g.pass)
}

// Wait returns true once the gate is open, false once done is closed.
func (g *FreezeGate) Wait(done <-chan struct{}) bool {
	g.mu.Lock()
	pass := g.pass
	g.mu.Unlock()
	select {
	case <-done:
		return false
	default:
	}
	select {
	case <-pass:
		return true
	case <-done:
		return false
	}
}
