//go:build linux

package lab

import (
	"net"
	"sync"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/tcp"
)

// A partition knows which nodes are cut off, and the connections that would have to be cut.
type partition struct {
	mu    sync.Mutex
	off   map[*simulatedNode]bool
	links map[*link]struct{}
}

// A link is a connection between two nodes. from is nil when its origin is not a node.
type link struct {
	from, to *simulatedNode
	conns    []net.Conn
}

func (l *link) reset() {
	for _, c := range l.conns {
		tcp.Reset(c)
	}
}

func newPartition() *partition {
	return &partition{off: map[*simulatedNode]bool{}, links: map[*link]struct{}{}}
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

// blocks: what a node says to itself never leaves it. p.mu is held.
func (p *partition) blocks(l *link) bool {
	return l.from != l.to && (p.off[l.to] || (l.from != nil && p.off[l.from]))
}

// set cuts a node off, which ends its links at once, or connects it again.
func (p *partition) set(m *simulatedNode, off bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.off[m] = off
	for l := range p.links {
		if p.blocks(l) {
			l.reset()
		}
	}
}

// drop ends the links to a node.
func (p *partition) drop(to *simulatedNode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		if l.to == to {
			l.reset()
		}
	}
}
