// Package ssh is the transport to the masters: one connection each, over which scripts run with privilege and etcd is
// reached.
package ssh

import (
	"cmp"
	"errors"
	"net"
	"strconv"
	"time"
)

// The ways in which access to a master fails. Callers tell them apart because only ErrSilent may mean that a master is
// lost: one that refuses us is alive.
var (
	ErrSilent    = errors.New("the master does not answer")
	ErrAddress   = errors.New("the master's host name cannot be resolved")
	ErrProtocol  = errors.New("what answers is no SSH server that can be used")
	ErrHostKey   = errors.New("the host key cannot be accepted")
	ErrLogin     = errors.New("there is nothing to log in with")
	ErrAuth      = errors.New("the master refused the login")
	ErrPrivilege = errors.New("no root privilege on the master")
	ErrJump      = errors.New("the jump host on the way to the master cannot be used")

	// These are said beside one of the others.
	ErrNoBanner = errors.New("the connection was taken, and nothing was said")
	ErrCommand  = errors.New("the login works, and no command does")
	ErrLocal    = errors.New("a setting or a file of this machine is wrong")
)

// What holds where nothing is set.
const (
	DefaultTimeout     = 15 * time.Second
	DefaultKeepalive   = 5 * time.Second
	DefaultMaxSessions = 8 // below sshd's own default of 10
)

// Config is how one server is reached: a master, or a jump host on the way to it.
type Config struct {
	Host string
	Port int
	User string

	PrivateKey     string // PEM; when set, only this key is offered
	PrivateKeyFile string // as PrivateKey, from a file
	Passphrase     string // of the private key
	// For the private key: its text, or a file; "" is the file beside the key that ends in -cert.pub.
	Certificate   string
	IdentityFiles []string // keys that are offered when none is given, where they are there
	Agent         bool     // offer the keys of an agent when none is given
	AgentSocket   string   // "" is SSH_AUTH_SOCK
	// The only keys of the agent to offer: each a file with the public key, its text, fingerprint or comment. None are
	// all.
	AgentIdentities []string
	Password        string

	HostKey         string   // one line as in known_hosts, without the host: "ssh-ed25519 AAAA…"
	HostKeyAlias    string   // the name under which known hosts files have it; "" is host and port
	KnownHostsFiles []string // none are OpenSSH's own
	Insecure        bool     // take any host key

	Timeout     time.Duration // of dial, handshake and login together; 0 is DefaultTimeout
	Keepalive   time.Duration // between two signs of life; 0 is DefaultKeepalive
	MaxSessions int           // commands at a time; 0 is DefaultMaxSessions

	Become         Become
	BecomePassword string // that sudo asks for; "" where it does not
}

// Addr is host:port.
func (c Config) Addr() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.port())) }

func (c Config) port() int { return cmp.Or(c.Port, 22) }
