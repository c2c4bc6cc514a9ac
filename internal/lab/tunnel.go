//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"
)

var errForbidden = errors.New("only loopback may be reached through a lab master")

// tunnel serves a direct-tcpip channel: a connection forwarded from the master.
func (s *sshServer) tunnel(request ssh.NewChannel) {
	var want struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	if ssh.Unmarshal(request.ExtraData(), &want) != nil {
		_ = request.Reject(ssh.ConnectionFailed, "malformed request")
		return
	}
	out, release, err := s.dial(s.life, want.Host, want.Port)
	if err != nil {
		reason := ssh.ConnectionFailed
		if errors.Is(err, errForbidden) {
			reason = ssh.Prohibited
		}
		_ = request.Reject(reason, err.Error())
		return
	}
	defer release()
	channel, requests, err := request.Accept()
	if err != nil {
		_ = out.Close()
		return
	}
	s.counters.tunnels.Add(1)
	s.serving.Go(func() {
		ssh.DiscardRequests(requests)
		_ = out.Close() // the client closed the channel, or is gone
	})
	pipe(channel, out)
}

// dialFrom dials what a process on the master could reach. Loopback addresses that are not a lab's mean the master
// itself, which would have a loopback of its own.
func (b *bench) dialFrom(ctx context.Context, host string, port uint32) (net.Conn, func(), error) {
	to, address, err := b.destination(host)
	if err != nil {
		return nil, nil, err
	}
	d := net.Dialer{Timeout: 5 * time.Second}
	conn, err := d.DialContext(ctx, "tcp4", net.JoinHostPort(address, strconv.FormatUint(uint64(port), 10)))
	if err != nil {
		return nil, nil, fmt.Errorf("connect failed: %w", err)
	}
	l := &link{from: b, to: to, conns: []net.Conn{conn}}
	if !b.lab.partition.admit(l) {
		reset(conn)
		return nil, nil, errors.New("connect failed: no route to host")
	}
	return conn, func() { b.lab.partition.forget(l) }, nil
}

func (b *bench) destination(host string) (*bench, string, error) {
	if host == "localhost" || host == "127.0.0.1" || host == "::1" {
		return b, b.host, nil
	}
	ip := net.ParseIP(host)
	if ip == nil || !ip.IsLoopback() || ip.To4() == nil {
		return nil, "", errForbidden
	}
	for _, m := range b.lab.all {
		if host == m.host || host == m.peerHost {
			return m, host, nil
		}
	}
	return b, host, nil // not a master's
}
