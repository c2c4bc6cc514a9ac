// Package tcp has the few things that the lab does with connections and the standard library has no call for. It knows
// nothing of nodes, SSH or etcd.
package tcp

import (
	"context"
	"net"
	"strconv"
)

// Listen opens a port on an IPv4 address.
func Listen(ctx context.Context, host string, port int) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp4", net.JoinHostPort(host, strconv.Itoa(port)))
}

// Reset ends a connection the hard way: the other side gets ECONNRESET, not an orderly end of file.
func Reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}
