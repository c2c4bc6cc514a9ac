package ssh_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	etcdssh "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// startAgent gives the socket of an agent, and its keys.
func startAgent(t *testing.T, keys int) (socket string, public []ssh.PublicKey) {
	t.Helper()
	ring := agent.NewKeyring()
	for i := range keys {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		must(t, err)
		must(t, ring.Add(agent.AddedKey{PrivateKey: private, Comment: "key-" + string(rune('a'+i))}))
		signer, err := ssh.NewSignerFromKey(private)
		must(t, err)
		public = append(public, signer.PublicKey())
	}
	return serveAgent(t, ring), public
}

// serveAgent gives the socket of an agent with these keys.
func serveAgent(t *testing.T, ring agent.Agent) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "agent")
	l := listen(t, "unix", socket)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, conn) }()
		}
	}()
	return socket
}

// TestLogin logs in in every way, and in every way in which it fails the error says what was tried and what came of it.
func TestLogin(t *testing.T) {
	user, pem := newKey(t, "")
	locked, lockedPEM := newKey(t, "open sesame")
	stranger, strangerPEM := newKey(t, "")
	socket, inAgent := startAgent(t, 20)
	empty, _ := startAgent(t, 0)
	keys := (&server{keys: []ssh.PublicKey{user.PublicKey(), locked.PublicKey(), inAgent[17]}, maxAuthTries: 3}).start(
		t,
	)
	word := (&server{password: "s3cret"}).start(t)
	asking := (&server{password: "s3cret", asks: []string{"Password: "}}).start(t)
	second := (&server{password: "s3cret", asks: []string{"Password: ", "Verification code: "}}).start(t)
	keyFile := file(t, "id", pem)
	fingerprint := ssh.FingerprintSHA256
	key := func(pem string) func(*etcdssh.Config) { return func(c *etcdssh.Config) { c.PrivateKey = pem } }
	keyIn := func(file string) func(*etcdssh.Config) { return func(c *etcdssh.Config) { c.PrivateKeyFile = file } }
	lockedBy := func(word string) func(*etcdssh.Config) {
		return func(c *etcdssh.Config) { c.PrivateKey, c.Passphrase = lockedPEM, word }
	}
	password := func(word string) func(*etcdssh.Config) { return func(c *etcdssh.Config) { c.Password = word } }
	agentAt := func(socket string, identities ...string) func(*etcdssh.Config) {
		return func(c *etcdssh.Config) { c.Agent, c.AgentSocket, c.AgentIdentities = true, socket, identities }
	}
	beside := strings.TrimSuffix(file(t, "id.pub", line(inAgent[17])), ".pub")
	strangerFile := file(t, "id", strangerPEM)
	for _, c := range []struct {
		name  string
		at    *server
		set   func(*etcdssh.Config)
		words []string // none where it gets in
	}{
		{"a key", keys, key(pem), nil},
		{"a key in a file", keys, keyIn(keyFile), nil},
		{"an encrypted key", keys, lockedBy("open sesame"), nil},
		{"an encrypted key without its passphrase", keys, key(lockedPEM), []string{
			"private_key: the key is encrypted", "private_key_passphrase",
		}},
		{"a wrong passphrase", keys, lockedBy("wrong"), []string{"private_key: ", "decryption"}},
		{"no key", keys, key("nonsense"), []string{"private_key: "}},
		{"no such file", keys, keyIn("/nowhere/id"), []string{
			"private_key_file: open /nowhere/id: no such file",
		}},
		{"a key that is not known", keys, key(strangerPEM), []string{
			`user "ops"`, "private_key (ssh-ed25519 " + fingerprint(stranger.PublicKey()) + "): refused",
			"the server takes: publickey", "ssh -p ",
		}},
		{"a file with a key that is not known", keys, keyIn(strangerFile), []string{
			"ssh -p ", " -o IdentitiesOnly=yes -i '/", "/id' 'ops@127.0.0.1' true", "): refused",
		}},
		{"a key where a password is wanted", word, key(pem), []string{
			"the server does not take this", "the server takes: password",
		}},
		{"identity files", keys, func(c *etcdssh.Config) {
			c.IdentityFiles = []string{"/nowhere/id", strangerFile, keyFile}
		}, nil},
		{"an agent with too many keys", keys, agentAt(socket), []string{"key-a", "MaxAuthTries", "agent_identity"}},
		{"an agent's key by its fingerprint", keys, agentAt(socket, fingerprint(inAgent[17])), nil},
		{"by its comment", keys, agentAt(socket, "key-r"), nil},
		{"by its public key", keys, agentAt(socket, line(inAgent[17])), nil},
		{"by the file beside which it is", keys, agentAt(socket, beside), nil},
		{"an identity that the agent has not", keys, agentAt(socket, "mine"), []string{"none of its 20 keys is mine"}},
		{"an empty agent", keys, agentAt(empty), []string{"nothing to log in with", "it has no keys"}},
		{"no agent", keys, agentAt("/nowhere/agent"), []string{"agent at /nowhere/agent: ", "no such file"}},
		{"an explicit key and an agent", keys, func(c *etcdssh.Config) {
			c.PrivateKey, c.Agent, c.AgentSocket = pem, true, socket
		}, nil},
		{"a password", word, password("s3cret"), nil},
		{"a wrong password", word, password("wr0ng"), []string{
			"password: refused", "question: the server does not take this",
		}},
		{"a password after a key", word, func(c *etcdssh.Config) { c.PrivateKey, c.Password = pem, "s3cret" }, nil},
		{"a password that is asked for", asking, password("s3cret"), nil},
		{"a password and a code", second, password("s3cret"), []string{
			`it asks for more than a password: ["Verification code: "]`,
		}},
		{"nothing", keys, func(*etcdssh.Config) {}, []string{"nothing to log in with", "Set private_key_file"}},
	} {
		config := c.at.config()
		c.set(&config)
		before := c.at.connections.Load()
		err := echo(t.Context(), config, nil)
		if c.words == nil {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		kind := etcdssh.ErrAuth
		if c.at.connections.Load() == before { // the cause is on this side, and the server is not blamed
			kind = etcdssh.ErrLogin
		}
		wantError(t, c.name, err, kind, c.words...)
		for _, secret := range []string{"s3cret", "wr0ng", "open sesame", "PRIVATE KEY"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error has a secret in it: %v", c.name, err)
			}
		}
	}
}

// TestCertificate logs in with a key that only its certificate opens the door for.
func TestCertificate(t *testing.T) {
	ca, _ := newKey(t, "")
	user, pem := newKey(t, "")
	other, _ := newKey(t, "")
	certificate := func(key ssh.PublicKey) string {
		cert := &ssh.Certificate{
			Key:             key,
			CertType:        ssh.UserCert,
			ValidPrincipals: []string{"ops"},
			ValidBefore:     uint64(time.Now().Add(time.Hour).Unix()),
		} //nolint:gosec // after 1970
		must(t, cert.SignCert(rand.Reader, ca))
		return line(cert)
	}
	s := (&server{ca: ca.PublicKey()}).start(t)
	config := s.config()
	config.PrivateKey = pem
	wantError(t, "without it", echo(t.Context(), config, nil), etcdssh.ErrAuth, "refused")
	config.Certificate = certificate(user.PublicKey())
	must(t, echo(t.Context(), config, nil))
	config.Certificate = file(t, "cert", certificate(user.PublicKey()))
	must(t, echo(t.Context(), config, nil))
	config.Certificate = certificate(other.PublicKey())
	wantError(
		t,
		"for another key",
		echo(t.Context(), config, nil),
		etcdssh.ErrLogin,
		"certificate: it is not for private_key",
	)
	config.Certificate = line(user.PublicKey())
	wantError(
		t,
		"a plain key",
		echo(t.Context(), config, nil),
		etcdssh.ErrLogin,
		"certificate: it is a plain ssh-ed25519 key",
	)

	config.Certificate, config.PrivateKey, config.PrivateKeyFile = "", "", file(t, "id", pem)
	must(t, writeFile(config.PrivateKeyFile+"-cert.pub", certificate(user.PublicKey())))
	must(t, echo(t.Context(), config, nil))
}
