//go:build linux

package lab

import (
	"net"
	"sync"
)

// A partition knows which masters are cut off, and the connections that would have to be cut.
type partition struct {
	mu    sync.Mutex
	off   map[*bench]bool
	links map[*link]struct{}
}

// A link is a connection between two masters. from is nil when its origin is not a master.
type link struct {
	from, to *bench
	conns    []net.Conn
}

func newPartition() *partition {
	return &partition{off: map[*bench]bool{}, links: map[*link]struct{}{}}
}

// admit registers a link, or refuses it.
func (p *partition) admit(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blocks(l) {
		return false
	}
	p.links[l] = struct{}{}
	return true
}

func (p *partition) forget(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

// blocks: what a master says to itself never leaves it. p.mu is held.
func (p *partition) blocks(l *link) bool {
	return l.from != l.to && (p.off[l.to] || (l.from != nil && p.off[l.from]))
}

// set cuts a master off, which ends its links at once, or connects it again.
func (p *partition) set(m *bench, off bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.off[m] = off
	for l := range p.links {
		if p.blocks(l) {
			for _, c := range l.conns {
				reset(c)
			}
		}
	}
}

// reset ends a connection the hard way: the other side gets ECONNRESET, not an orderly end of file.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}

// drop ends the links to a master.
func (p *partition) drop(to *bench) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		if l.to == to {
			for _, c := range l.conns {
				reset(c)
			}
		}
	}
}
