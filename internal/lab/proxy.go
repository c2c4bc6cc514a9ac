//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
)

// A peerProxy holds the peer port that a master advertises and hands connections on to where its etcd really listens. All traffic
// between members passes through one, which is what lets the lab cut a master off without a firewall and without root.
type peerProxy struct {
	of        *bench
	listener  net.Listener
	backend   string
	partition *partition
	owner     func(net.Conn) *bench
	conns     sync.WaitGroup
}

func startPeerProxy(ctx context.Context, of *bench, host, backend string, p *partition, owner func(net.Conn) *bench) (*peerProxy, error) {
	l, err := listen(ctx, host, peerPort)
	if err != nil {
		return nil, fmt.Errorf("opening the peer port of %s: %w", of.name, err)
	}
	proxy := &peerProxy{of: of, listener: l, backend: net.JoinHostPort(backend, strconv.Itoa(peerPort)), partition: p, owner: owner}
	proxy.conns.Go(proxy.accept)
	return proxy, nil
}

func (p *peerProxy) accept() {
	for {
		c, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			p.conns.Go(func() { p.serve(c) })
		}
	}
}

func (p *peerProxy) serve(in net.Conn) {
	out, err := net.Dial("tcp4", p.backend)
	if err != nil {
		reset(in) // etcd is down: as close to a refusal as it gets once accepted
		return
	}
	l := &link{from: p.owner(in), to: p.of, conns: []net.Conn{in, out}}
	if !p.partition.admit(l) {
		reset(in)
		reset(out)
		return
	}
	defer p.partition.forget(l)
	pipe(in, out)
}

// close ends the proxy; its connections end with the etcd servers on either side.
func (p *peerProxy) close() error {
	err := p.listener.Close()
	p.partition.drop(p.of)
	p.conns.Wait()
	return err
}

// socketOwner finds the master whose etcd is the client of an accepted connection.
func socketOwner(masters []*bench, accepted net.Conn) *bench {
	inode := socketInode(addrPort(accepted.RemoteAddr()), addrPort(accepted.LocalAddr()))
	if inode == 0 {
		return nil
	}
	for _, m := range masters {
		for _, c := range m.runtime.running() {
			if pid := c.pid(); pid != 0 && pid != os.Getpid() && ownsSocket(pid, inode) {
				return m
			}
		}
	}
	return nil
}
