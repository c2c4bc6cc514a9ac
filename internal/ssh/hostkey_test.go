package ssh_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	etcdssh "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// TestHostKeys shows a server to known hosts files of every kind.
func TestHostKeys(t *testing.T) {
	user, pem := newKey(t, "")
	s := (&server{keys: []ssh.PublicKey{user.PublicKey()}}).start(t)
	other, _ := newKey(t, "")
	hashed := knownhosts.HashHostname(knownhosts.Normalize(s.addr)) + " " + line(s.hostKey.PublicKey())
	base := s.config()
	base.PrivateKey, base.HostKey = pem, ""
	shown, otherPrint := ssh.FingerprintSHA256(s.hostKey.PublicKey()), ssh.FingerprintSHA256(other.PublicKey())
	own := s.knownAs(s.hostKey.PublicKey())
	for _, c := range []struct {
		name  string
		known string
		words []string // none where it is accepted
	}{
		{"a plain line", own, nil},
		{"a hashed line", hashed, nil},
		{"a comment and another host", "# mine\nexample.org " + line(other.PublicKey()) + "\n" + own, nil},
		{"unknown", "example.org " + line(other.PublicKey()), []string{
			"is not known", shown,
			"add it with: ssh-keyscan -t ed25519 -p " + fmt.Sprint(s.port()) + " '127.0.0.1' >> ",
		}},
		{"the same host at another port", "127.0.0.1 " + line(other.PublicKey()), []string{"is not known", shown}},
		{"changed", "# mine\n" + s.knownAs(other.PublicKey()), []string{
			"is another one than is known", shown, otherPrint, "known_hosts:2", "ssh-keygen -R '[127.0.0.1]:",
		}},
		{"revoked", own + "\n@revoked * " + line(s.hostKey.PublicKey()), []string{"known_hosts:2 revokes", shown}},
		{"not a known hosts file", "nonsense", []string{"known hosts", "Put the line right"}},
	} {
		config := base
		config.KnownHostsFiles = []string{file(t, "known_hosts", c.known+"\n")}
		err := echo(t.Context(), config, nil)
		if c.words == nil {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		wantError(t, c.name, err, etcdssh.ErrHostKey, c.words...)
	}

	config := base
	config.KnownHostsFiles = []string{"/nowhere/known_hosts"}
	wantError(
		t,
		"no file",
		echo(t.Context(), config, nil),
		etcdssh.ErrHostKey,
		"/nowhere/known_hosts (which is not there)",
		shown,
	)
	config.KnownHostsFiles = []string{
		"/nowhere/known_hosts",
		file(t, "known_hosts", s.knownAs(s.hostKey.PublicKey())+"\n"),
	}
	must(t, echo(t.Context(), config, nil))
	config.HostKeyAlias = "m1"
	wantError(t, "an alias that is not there", echo(t.Context(), config, nil), etcdssh.ErrHostKey, "is not known")
	config.KnownHostsFiles = []string{file(t, "known_hosts", "m1 "+line(s.hostKey.PublicKey())+"\n")}
	must(t, echo(t.Context(), config, nil))

	config = base
	config.Insecure = true
	must(t, echo(t.Context(), config, nil))
	config.HostKey = line(other.PublicKey()) // counts all the same
	wantError(t, "another host_key", echo(t.Context(), config, nil), etcdssh.ErrHostKey, shown, otherPrint, "host_key")
	config.HostKey = "nonsense"
	wantError(t, "no host_key", echo(t.Context(), config, nil), etcdssh.ErrHostKey, "is not a public key line")
}

// TestHostCertificates shows a server that has a certificate, and one whose certificate is not for it.
func TestHostCertificates(t *testing.T) {
	user, pem := newKey(t, "")
	ca, _ := newKey(t, "")
	host, _ := newKey(t, "")
	certified := func(name string, until time.Time) ssh.Signer {
		cert := &ssh.Certificate{
			Key:             host.PublicKey(),
			CertType:        ssh.HostCert,
			ValidPrincipals: []string{name},
			ValidBefore:     uint64(until.Unix()),
		} //nolint:gosec // after 1970
		must(t, cert.SignCert(rand.Reader, ca))
		s, err := ssh.NewCertSigner(cert, host)
		must(t, err)
		return s
	}
	for _, c := range []struct {
		name string
		key  ssh.Signer
		says string
	}{
		{"good", certified("127.0.0.1", time.Now().Add(time.Hour)), ""},
		{"for another name", certified("m2", time.Now().Add(time.Hour)), "not in the set of valid principals"},
		{"expired", certified("127.0.0.1", time.Now().Add(-time.Hour)), "expired"},
	} {
		s := (&server{hostKey: c.key, keys: []ssh.PublicKey{user.PublicKey()}}).start(t)
		config := s.config()
		config.PrivateKey, config.HostKey = pem, ""
		config.KnownHostsFiles = []string{
			file(
				t,
				"known_hosts",
				"@cert-authority "+strings.Replace(knownhosts.Line([]string{s.addr}, ca.PublicKey()), "\n", "", 1)+"\n",
			),
		}
		err := echo(t.Context(), config, nil)
		if c.says == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		wantError(t, c.name, err, etcdssh.ErrHostKey, c.says)
	}
}
