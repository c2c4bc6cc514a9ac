//go:build linux

package sshd

import (
	"errors"

	"golang.org/x/crypto/ssh"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/tcp"
)

// ErrForbidden is for Config.Dial to say that a tunnel leads out of the lab.
var ErrForbidden = errors.New("only loopback may be reached through a node of the lab")

// tunnel serves a direct-tcpip channel: a connection forwarded from the node.
func (s *Server) tunnel(request ssh.NewChannel) {
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
	out, release, err := s.Dial(s.life, want.Host, want.Port)
	if err != nil {
		reason := ssh.ConnectionFailed
		if errors.Is(err, ErrForbidden) {
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
	s.counts.tunnels.Add(1)
	s.serving.Go(func() {
		ssh.DiscardRequests(requests)
		_ = out.Close() // the client closed the channel, or is gone
	})
	tcp.Pipe(channel, out)
}
