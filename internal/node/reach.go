package node

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// The ways in which a node cannot be examined.
const (
	KindTimeout     = "timeout"      // nothing came back in time, or the connection was lost
	KindNoRoute     = "no-route"     // the network says that there is no way to it
	KindName        = "name"         // its name cannot be resolved
	KindJump        = "jump"         // the jump host is away, or opens no connection to it
	KindRefusedPort = "refused-port" // nothing listens at the port: the machine is up, or another has its address
	KindNoBanner    = "no-banner"    // the connection was taken, and no SSH server said a word
	KindLogin       = "login"        // an SSH server is there, and lets nobody in
	KindHostKey     = "host-key"     // an SSH server is there, and may be another machine's
	KindCommand     = "command"      // the login works, and the node cannot be examined
	KindLocal       = "local"        // nothing was sent: a setting or a file of this machine is wrong
)

// Kind tells from a failed call why a node cannot be examined.
func Kind(err error) string {
	is := func(target error) bool { return errors.Is(err, target) }
	said := strings.ToLower(err.Error()) // a jump host tells in words, too
	switch {
	case is(ssh.ErrLocal):
		return KindLocal
	case is(ssh.ErrJump):
		return KindJump
	case is(ssh.ErrAddress):
		return KindName
	case is(ssh.ErrNoBanner):
		return KindNoBanner
	case is(ssh.ErrSilent) && (is(syscall.ECONNREFUSED) || strings.Contains(said, "connection refused")):
		return KindRefusedPort
	case is(ssh.ErrSilent) && (is(syscall.EHOSTUNREACH) || is(syscall.ENETUNREACH) || is(syscall.EHOSTDOWN) ||
		strings.Contains(said, "no route to host") || strings.Contains(said, "host is down")):
		return KindNoRoute
	case is(ssh.ErrSilent), is(context.DeadlineExceeded):
		return KindTimeout
	case is(ssh.ErrHostKey):
		return KindHostKey
	case is(ssh.ErrAuth), is(ssh.ErrLogin), is(ssh.ErrProtocol) && !is(ssh.ErrCommand):
		return KindLogin
	}
	return KindCommand
}

// Answered tells from a failed call whether the node may be alive: one that refuses the login, shows another host key
// or grants no privilege is, and one that was not asked may be. Neither must ever be taken for lost.
func Answered(err error) bool {
	switch Kind(err) {
	case KindTimeout, KindNoRoute, KindName, KindJump, KindRefusedPort, KindNoBanner:
		return false
	}
	return true
}
