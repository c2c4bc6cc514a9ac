//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/sshd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/tcp"
)

// dialFrom dials what a process on the node could reach. Loopback addresses that are not a lab's mean the node
// itself, which would have a loopback of its own.
func (n *simulatedNode) dialFrom(ctx context.Context, host string, port uint32) (net.Conn, func(), error) {
	to, address, err := n.destination(host)
	if err != nil {
		return nil, nil, err
	}
	d := net.Dialer{Timeout: 5 * time.Second}
	conn, err := d.DialContext(ctx, "tcp4", net.JoinHostPort(address, strconv.FormatUint(uint64(port), 10)))
	if err != nil {
		return nil, nil, fmt.Errorf("connect failed: %w", err)
	}
	l := &link{from: n, to: to, conns: []net.Conn{conn}}
	if !n.lab.partition.admit(l) {
		tcp.Reset(conn)
		return nil, nil, errors.New("connect failed: no route to host")
	}
	return conn, func() { n.lab.partition.forget(l) }, nil
}

func (n *simulatedNode) destination(host string) (*simulatedNode, string, error) {
	if host == "localhost" || host == "127.0.0.1" || host == "::1" {
		return n, n.host, nil
	}
	ip := net.ParseIP(host)
	if ip == nil || !ip.IsLoopback() || ip.To4() == nil {
		return nil, "", sshd.ErrForbidden
	}
	for _, m := range n.lab.all {
		if host == m.host || host == m.peerHost {
			return m, host, nil
		}
	}
	return n, host, nil // not a node's
}
