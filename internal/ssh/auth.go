package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// login is what is offered to a server, and what becomes of it.
type login struct {
	signers   []ssh.Signer
	passwords []ssh.AuthMethod
	offers    []*offer
	agent     net.Conn // nil where none is asked
	takes     []string // the methods that the server takes, as it said last; nil before it was asked
}

// offer is one thing to log in with.
type offer struct {
	name   string
	method string // by its name in the protocol; "" for what could not be offered
	result string // "" while nothing is known
}

// newLogin gathers what there is. An explicit key is the only one that is offered: a server counts every key of a full
// agent against its MaxAuthTries (hashicorp/terraform#2614).
func newLogin(ctx context.Context, c Config) (*login, error) {
	l := &login{}
	var err error
	switch {
	case c.PrivateKey != "":
		err = l.key(c, "private_key", []byte(c.PrivateKey), c.Certificate)
	case c.PrivateKeyFile != "":
		if err = l.keyFile(c, expandHome(c.PrivateKeyFile), c.Certificate); err != nil {
			err = fmt.Errorf("private_key_file: %w", err)
		}
	default:
		if c.Agent {
			l.askAgent(ctx, c)
		}
		for _, f := range c.IdentityFiles {
			if f = expandHome(f); fileExists(f) {
				if err := l.keyFile(c, f, ""); err != nil {
					// One of several that OpenSSH would try.
					l.offers = append(l.offers, &offer{name: f, result: err.Error()})
				}
			}
		}
	}
	if err != nil {
		l.close()
		return nil, fmt.Errorf("%w at %s: %w", ErrLogin, c.Addr(), err)
	}
	if c.Password != "" {
		l.password(c.Password)
	}
	if len(l.signers)+len(l.passwords) == 0 {
		l.close()
		return nil, fmt.Errorf(
			"%w at %s. Set private_key_file, private_key, password or agent in the provider's ssh block%s",
			ErrLogin,
			c.Addr(),
			l.report(nil),
		)
	}
	return l, nil
}

// methods are for the handshake, which tries each kind once.
func (l *login) methods() []ssh.AuthMethod {
	if len(l.signers) == 0 {
		return l.passwords
	}
	return append([]ssh.AuthMethod{ssh.PublicKeys(l.signers...)}, l.passwords...)
}

// hear notes what the server takes; the choice is left to the handshake.
func (l *login) hear(state *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	l.takes = append([]string{}, state.AllowedMethods...)
	return nil, nil
}

func (l *login) close() {
	if l.agent != nil {
		_ = l.agent.Close()
	}
}

func (l *login) keyFile(c Config, path, certificate string) error {
	pem, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if certificate == "" && fileExists(path+"-cert.pub") { // as OpenSSH does
		certificate = path + "-cert.pub"
	}
	return l.key(c, "key "+path, pem, certificate)
}

// key offers a private key, its certificate first where it has one: text, or the name of a file.
func (l *login) key(c Config, name string, pem []byte, certificate string) error {
	signer, err := parseKey(pem, c.Passphrase)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	signers := []ssh.Signer{signer}
	if certificate != "" {
		cert, err := parseCertificate(certificate)
		if err != nil {
			return fmt.Errorf("certificate: %w", err)
		}
		certified, err := ssh.NewCertSigner(cert, signer)
		if err != nil {
			return fmt.Errorf("certificate: it is not for %s: %w", name, err)
		}
		signers = []ssh.Signer{certified, signer}
	}
	for _, s := range signers {
		if !l.has(s) {
			l.signers = append(l.signers, l.watch(name, s))
		}
	}
	return nil
}

// has tells whether a key is offered already, as one of the agent's that is in a file, too. Servers count how many they
// are shown.
func (l *login) has(s ssh.Signer) bool {
	return slices.ContainsFunc(
		l.signers,
		func(have ssh.Signer) bool { return bytes.Equal(have.PublicKey().Marshal(), s.PublicKey().Marshal()) },
	)
}

// askAgent offers the keys of an agent, or those that AgentIdentities names.
func (l *login) askAgent(ctx context.Context, c Config) {
	socket := c.AgentSocket
	if socket == "" {
		socket = os.Getenv("SSH_AUTH_SOCK")
	}
	o := &offer{name: "agent"}
	if socket == "" {
		o.result = "SSH_AUTH_SOCK is not set"
		l.offers = append(l.offers, o)
		return
	}
	o.name = "agent at " + socket
	fail := func(err error) { o.result = err.Error(); l.offers = append(l.offers, o) }
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", expandHome(socket))
	if err != nil {
		fail(err)
		return
	}
	l.agent = conn
	defer context.AfterFunc(ctx, l.close)()
	a := agent.NewClient(conn)
	keys, err := a.List()
	if err != nil {
		fail(err)
		return
	}
	signers, err := a.Signers()
	if err != nil {
		fail(err)
		return
	}
	wanted, err := identities(c.AgentIdentities)
	if err != nil {
		fail(err)
		return
	}
	var chosen []ssh.Signer
	for i, s := range signers {
		if i < len(keys) && wanted(keys[i], s.PublicKey()) {
			chosen = append(chosen, l.watch("agent's key "+keys[i].Comment, s))
		}
	}
	switch {
	case len(signers) == 0:
		fail(errors.New("it has no keys: add one with ssh-add"))
	case len(chosen) == 0:
		fail(fmt.Errorf("none of its %d keys is %s", len(signers), strings.Join(c.AgentIdentities, ", ")))
	default:
		l.signers = append(l.signers, chosen...)
	}
}

// identities tells whether one of an agent's keys is wanted.
func identities(names []string) (func(*agent.Key, ssh.PublicKey) bool, error) {
	var wanted []func(*agent.Key, ssh.PublicKey) bool
	for _, name := range names {
		is, err := identity(name)
		if err != nil && len(names) > 1 { // of OpenSSH's configuration, where some may not be there
			continue
		}
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, is)
	}
	return func(k *agent.Key, key ssh.PublicKey) bool {
		return len(names) == 0 ||
			slices.ContainsFunc(wanted, func(is func(*agent.Key, ssh.PublicKey) bool) bool { return is(k, key) })
	}, nil
}

// identity knows a key by a file with the public key (its own name or that of the private key), a line with it, its
// fingerprint, or its comment.
func identity(name string) (func(*agent.Key, ssh.PublicKey) bool, error) {
	line, isFile := []byte(name), false
	for _, file := range []string{name + ".pub", name} {
		if text, err := os.ReadFile(expandHome(file)); err == nil {
			line, isFile = text, true
			break
		}
	}
	want, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err == nil {
		return func(_ *agent.Key, key ssh.PublicKey) bool { return bytes.Equal(key.Marshal(), want.Marshal()) }, nil
	}
	if isFile {
		return nil, fmt.Errorf("%s has no public key in it, nor has %[1]s.pub: %w", name, err)
	}
	return func(k *agent.Key, key ssh.PublicKey) bool {
		return k.Comment == name || ssh.FingerprintSHA256(key) == name
	}, nil
}

// password answers both ways in which servers ask for one.
func (l *login) password(password string) {
	plain := &offer{name: "password", method: "password"}
	asked := &offer{name: "password as the answer to the server's question", method: "keyboard-interactive"}
	l.offers = append(l.offers, plain, asked)
	answered := false
	l.passwords = append(
		l.passwords,
		ssh.Password(password),
		ssh.KeyboardInteractive(func(_, _ string, questions []string, echos []bool) ([]string, error) {
			if len(questions) == 0 {
				return nil, nil // nothing but a message
			}
			if answered || len(questions) > 1 || echos[0] {
				asked.result = fmt.Sprintf("it asks for more than a password: %q", questions)
				return nil, errors.New(asked.result)
			}
			answered = true
			return []string{password}, nil
		}),
	)
}

// watch has a signer tell of its fate.
func (l *login) watch(name string, s ssh.Signer) ssh.Signer {
	o := &offer{name: name + " (" + fingerprint(s.PublicKey()) + ")", method: "publickey"}
	l.offers = append(l.offers, o)
	if a, ok := s.(ssh.AlgorithmSigner); ok {
		return &watched{AlgorithmSigner: a, offer: o}
	}
	return s
}

// watched is a signer that notes that it was asked for a signature: the server knows the key then.
type watched struct {
	ssh.AlgorithmSigner
	offer *offer
}

func (w *watched) SignWithAlgorithm(random io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	s, err := w.AlgorithmSigner.SignWithAlgorithm(random, data, algorithm)
	w.offer.result = "known to the server, and not enough"
	if err != nil {
		w.offer.result = "known to the server, and does not sign: " + err.Error()
	}
	return s, err
}

// mostOffers are told of one by one.
const mostOffers = 8

// report lists what was offered and what became of it, a line each, and how it ended; nil where it never began.
func (l *login) report(end error) string {
	var b strings.Builder
	tooMany := end != nil && strings.Contains(strings.ToLower(end.Error()), "too many authentication failures")
	for i, o := range l.offers {
		if i == mostOffers && len(l.offers) > mostOffers+1 {
			_, _ = fmt.Fprintf(&b, "\n  and %d more", len(l.offers)-i)
			break
		}
		result := o.result
		switch {
		case result != "":
		case !slices.Contains(l.takes, o.method):
			result = "the server does not take this"
		case tooMany:
			result = "refused, or not looked at any more"
		default:
			result = "refused"
		}
		b.WriteString("\n  " + o.name + ": " + result)
	}
	if l.takes != nil {
		b.WriteString("\n  the server takes: " + strings.Join(l.takes, ", "))
	}
	switch {
	case tooMany:
		b.WriteString(
			"\n  the server broke off after too many failures (sshd's MaxAuthTries): name the one key with " +
				"agent_identity or private_key_file",
		)
	case end != nil && !strings.Contains(end.Error(), "unable to authenticate"):
		b.WriteString("\n  " + end.Error())
	}
	return b.String()
}

func parseKey(pem []byte, passphrase string) (ssh.Signer, error) {
	signer, err := ssh.ParsePrivateKey(pem)
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) {
		if passphrase == "" {
			return nil, errors.New(
				"the key is encrypted: set private_key_passphrase, or load it into an agent and set agent = true",
			)
		}
		return ssh.ParsePrivateKeyWithPassphrase(pem, []byte(passphrase))
	}
	return signer, err
}

// parseCertificate takes a certificate's text, or the name of its file.
func parseCertificate(certificate string) (*ssh.Certificate, error) {
	text := []byte(certificate)
	if !strings.Contains(certificate, " ") {
		var err error
		if text, err = os.ReadFile(expandHome(certificate)); err != nil {
			return nil, err
		}
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil, err
	}
	cert, ok := key.(*ssh.Certificate)
	if !ok {
		return nil, fmt.Errorf("it is a plain %s key", key.Type())
	}
	return cert, nil
}

func expandHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return path
}
