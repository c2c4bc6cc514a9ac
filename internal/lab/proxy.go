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

// A peerProxy holds the peer port that a master advertises and hands connections on to where its etcd really listens.
// All traffic between members passes through one, which is what lets the lab cut a master off without a firewall and
// without root.
type peerProxy struct {
	life     context.Context // ends with the lab
	of       *bench
	listener net.Listener
	owner    func(net.Conn) *bench // of the other end of an accepted connection
	conns    sync.WaitGroup
}

func startPeerProxy(ctx context.Context, of *bench, owner func(net.Conn) *bench) (*peerProxy, error) {
	l, err := listen(ctx, of.host, peerPort)
	if err != nil {
		return nil, fmt.Errorf("opening the peer port of %s: %w", of.name, err)
	}
	p := &peerProxy{life: of.lab.life, of: of, listener: l, owner: owner}
	p.conns.Go(p.accept)
	return p, nil
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
	var d net.Dialer
	out, err := d.DialContext(p.life, "tcp4", net.JoinHostPort(p.of.peerHost, strconv.Itoa(peerPort)))
	if err != nil {
		reset(in) // etcd is down: as close to a refusal as it gets once accepted
		return
	}
	l := &link{from: p.owner(in), to: p.of, conns: []net.Conn{in, out}}
	if !p.of.lab.partition.admit(l) {
		reset(in)
		reset(out)
		return
	}
	defer p.of.lab.partition.forget(l)
	pipe(in, out)
}

// close ends the proxy; its connections end with the etcd servers on either side.
func (p *peerProxy) close() error {
	err := p.listener.Close()
	p.of.lab.partition.drop(p.of)
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
