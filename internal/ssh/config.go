// Package ssh is the transport to the masters: one connection each, over which scripts run with privilege and etcd is reached.
package ssh

import (
	"errors"
	"net"
	"strconv"
	"time"
)

// The ways in which access to a master fails. Callers tell them apart because only ErrSilent may mean that a master is lost:
// one that refuses us is alive.
var (
	ErrSilent    = errors.New("the master does not answer")
	ErrAddress   = errors.New("the master's host name cannot be resolved")
	ErrProtocol  = errors.New("what answers is no SSH server that can be used")
	ErrHostKey   = errors.New("the host key cannot be accepted")
	ErrAuth      = errors.New("the master refused the login")
	ErrPrivilege = errors.New("no root privilege on the master")
)

// DefaultTimeout bounds dial, handshake and login together.
const DefaultTimeout = 15 * time.Second

// Become says how commands get root's privilege.
type Become string

const (
	// BecomeSudo runs commands as they are for root, and through `sudo -n` for anybody else.
	BecomeSudo Become = "sudo"
	// BecomeNone runs commands as the user who logged in.
	BecomeNone Become = "none"
)

// Config is how one master is reached.
type Config struct {
	Host string
	Port int
	User string

	PrivateKey     string // PEM; when set, only this key is offered
	PrivateKeyFile string // as PrivateKey, from a file
	Passphrase     string // of the private key
	Password       string
	Agent          bool // offer the keys of the agent at SSH_AUTH_SOCK

	HostKey        string // one line as in known_hosts, without the host: "ssh-ed25519 AAAA…"
	KnownHostsFile string

	Timeout time.Duration
	Become  Become
}

// Addr is host:port.
func (c Config) Addr() string {
	port := c.Port
	if port == 0 {
		port = 22
	}
	return net.JoinHostPort(c.Host, strconv.Itoa(port))
}
