//go:build linux

package sshd

import (
	"net"
	"sync"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/tcp"
)

// A conn counts bytes, and stands still while the node is frozen.
type conn struct {
	net.Conn
	server *Server
	once   sync.Once
	closed chan struct{}
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.server.counts.bytesIn.Add(int64(n))
	if !c.server.Frozen.Wait(c.closed) {
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *conn) Write(b []byte) (int, error) {
	if !c.server.Frozen.Wait(c.closed) {
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Write(b)
	c.server.counts.bytesOut.Add(int64(n))
	return n, err
}

func (c *conn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

func (c *conn) reset() {
	c.once.Do(func() { close(c.closed) })
	tcp.Reset(c.Conn)
}
