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

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/tcp"
)

// A peerProxy holds the peer port that a node advertises and hands connections on to where its etcd really listens.
// All traffic between members passes through one, which is what lets the lab cut a node off without a firewall and
// without root.
type peerProxy struct {
	life     context.Context // ends with the lab
	of       *simulatedNode
	listener net.Listener
	owner    func(net.Conn) *simulatedNode // of the other end of an accepted connection
	conns    sync.WaitGroup
}

func startPeerProxy(ctx context.Context, of *simulatedNode, owner func(net.Conn) *simulatedNode) (*peerProxy, error) {
	l, err := tcp.Listen(ctx, of.host, peerPort)
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
		tcp.Reset(in) // etcd is down: as close to a refusal as it gets once accepted
		return
	}
	l := &link{from: p.owner(in), to: p.of, conns: []net.Conn{in, out}}
	if !p.of.lab.partition.admit(l) {
		tcp.Reset(in)
		tcp.Reset(out)
		return
	}
	defer p.of.lab.partition.forget(l)
	tcp.Pipe(in, out)
}

// close ends the proxy; its connections end with the etcd servers on either side.
func (p *peerProxy) close() error {
	err := p.listener.Close()
	p.of.lab.partition.drop(p.of)
	p.conns.Wait()
	return err
}

// socketOwner finds the node whose etcd is the client of an accepted connection.
func socketOwner(nodes []*simulatedNode, accepted net.Conn) *simulatedNode {
	socket, found := proc.OtherEnd(accepted)
	if !found {
		return nil
	}
	own := os.Getpid()
	for _, n := range nodes {
		for _, pid := range n.kubelet.PIDs() {
			if pid != own && socket.OpenIn(pid) {
				return n
			}
		}
	}
	return nil
}
