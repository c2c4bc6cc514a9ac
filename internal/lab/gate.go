//go:build linux

package lab

import "sync"

// A gate stands open or shut. What must stand still while a master is frozen, or while its kubelet is stopped, waits at
// one.
type gate struct {
	mu   sync.Mutex
	shut bool
	pass chan struct{} // closed while the gate is open
}

func newGate() *gate {
	g := &gate{pass: make(chan struct{})}
	close(g.pass)
	return g
}

// set shuts or opens the gate.
func (g *gate) set(shut bool) {
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

// wait returns true once the gate is open, false once done is closed.
func (g *gate) wait(done <-chan struct{}) bool {
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
