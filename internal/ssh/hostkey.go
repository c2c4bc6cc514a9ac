package ssh

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

// hostKeyCheck gives the check of the server's key, strict unless Insecure, and the algorithms to ask for. Without the
// latter a host known by one key type only fails as changed (golang/go#29286).
func hostKeyCheck(c Config) (ssh.HostKeyCallback, []string, error) {
	switch {
	case c.HostKey != "":
		return fixedKey(c)
	case c.Insecure:
		//nolint:gosec // only where the operator has switched the check off, of which every plan warns
		return ssh.InsecureIgnoreHostKey(), nil, nil
	}
	return knownKey(c)
}

// fixedKey accepts the key that stands in the configuration.
func fixedKey(c Config) (ssh.HostKeyCallback, []string, error) {
	want, _, _, _, err := ssh.ParseAuthorizedKey([]byte(c.HostKey))
	if err != nil {
		return nil, nil, fmt.Errorf(
			"%w: host_key of %s is not a public key line such as \"ssh-ed25519 AAAA…\": %w",
			ErrHostKey,
			c.Addr(),
			err,
		)
	}
	return func(_ string, _ net.Addr, got ssh.PublicKey) error {
		if bytes.Equal(got.Marshal(), want.Marshal()) {
			return nil
		}
		return fmt.Errorf(
			"%w: %s offers %s, and host_key says %s. If it was reinstalled, check its fingerprint on its console and "+
				"put the new key into host_key",
			ErrHostKey,
			c.Addr(),
			fingerprint(got),
			fingerprint(want),
		)
	}, algorithmsFor(want.Type()), nil
}

// knownKey accepts what the known hosts files say: hashed and plain lines, ports, @cert-authority and @revoked
// (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
func knownKey(c Config) (ssh.HostKeyCallback, []string, error) {
	named := c.KnownHostsFiles
	if len(named) == 0 {
		named = DefaultKnownHosts()
	}
	var files []string
	for _, f := range named {
		if f = expandHome(f); fileExists(f) {
			files = append(files, f)
		}
	}
	first := expandHome(named[0]) // where a key is added
	db, err := knownhosts.NewDB(files...)
	if err != nil {
		return nil, nil, fmt.Errorf(
			"%w: known hosts: %w. Put the line right, or name another known_hosts_file",
			ErrHostKey,
			err,
		)
	}
	check, algorithms := db.HostKeyCallback(), db.HostKeyAlgorithms(c.knownAs())
	// An authority signs keys of all types.
	if slices.ContainsFunc(db.HostKeys(c.knownAs()), func(k knownhosts.PublicKey) bool { return k.Cert }) {
		for _, name := range ssh.SupportedAlgorithms().HostKeys {
			if strings.Contains(name, "-cert-") && !slices.Contains(algorithms, name) {
				algorithms = append(algorithms, name)
			}
		}
	}
	if len(algorithms) == 0 { // a certificate says nothing of a host where no authority is known for it
		algorithms = slices.DeleteFunc(
			ssh.SupportedAlgorithms().HostKeys,
			func(name string) bool { return strings.Contains(name, "-cert-") },
		)
	}
	return func(_ string, remote net.Addr, got ssh.PublicKey) error {
		err := check(c.knownAs(), remote, got)
		var revoked *xknownhosts.RevokedError
		var key *xknownhosts.KeyError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &revoked):
			return fmt.Errorf(
				"%w: %s offers %s, which %s:%d revokes. Do not log in: find out who has this key now",
				ErrHostKey,
				c.Addr(),
				fingerprint(got),
				revoked.Revoked.Filename,
				revoked.Revoked.Line,
			)
		case errors.As(err, &key) && len(key.Want) > 0:
			var have []string
			for _, k := range key.Want {
				have = append(have, fmt.Sprintf("%s in %s:%d", fingerprint(k.Key), k.Filename, k.Line))
			}
			return fmt.Errorf(
				"%w: the key of %s is another one than is known: it offers %s; known is %s. Somebody may be "+
					"listening in, or the machine was reinstalled: "+
					"check the fingerprint on its console. If it is right, remove what is known with: ssh-keygen -R "+
					"%s -f %s; then add the new key with: %s",
				ErrHostKey,
				c.Addr(),
				fingerprint(got),
				strings.Join(have, ", "),
				Quote(knownhosts.Normalize(c.knownAs())),
				Quote(key.Want[0].Filename),
				c.keyscan(first, got),
			)
		case errors.As(err, &key):
			return fmt.Errorf(
				"%w: the key of %s is not known: it offers %s, and %s no line for it. Check the fingerprint on its "+
					"console (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub). "+
					"If it is right, add it with: %s; or set host_key",
				ErrHostKey,
				c.Addr(),
				fingerprint(got),
				noneHas(named),
				c.keyscan(first, got),
			)
		}
		cert, ok := got.(*ssh.Certificate)
		if !ok {
			return fmt.Errorf("%w: %s: %w", ErrHostKey, c.Addr(), err)
		}
		// Expired, for another name, or by an authority that is not known for this host.
		return fmt.Errorf(
			"%w: %s offers %s: %w. If this authority is yours, this line in %s makes it known: @cert-authority %s %s",
			ErrHostKey,
			c.Addr(),
			fingerprint(got),
			err,
			first,
			knownhosts.Normalize(c.knownAs()),
			strings.TrimSpace(string(ssh.MarshalAuthorizedKey(cert.SignatureKey))),
		)
	}, algorithms, nil
}

// DefaultKnownHosts are OpenSSH's own files, the user's first.
func DefaultKnownHosts() []string { return []string{"~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"} }

// keyscan is the command that adds a server's key.
func (c Config) keyscan(file string, key ssh.PublicKey) string {
	kind := strings.TrimPrefix(key.Type(), "ssh-")
	if strings.HasPrefix(key.Type(), "ecdsa-") {
		kind = "ecdsa"
	}
	return fmt.Sprintf("ssh-keyscan -t %s -p %d %s >> %s", kind, c.port(), Quote(c.Host), Quote(file))
}

func fingerprint(key ssh.PublicKey) string {
	if cert, ok := key.(*ssh.Certificate); ok {
		return fmt.Sprintf("a certificate for %s by %s", fingerprint(cert.Key), fingerprint(cert.SignatureKey))
	}
	return key.Type() + " " + ssh.FingerprintSHA256(key)
}

func noneHas(files []string) string {
	var names []string
	for _, f := range files {
		if f = expandHome(f); !fileExists(f) {
			f += " (which is not there)"
		}
		names = append(names, f)
	}
	if len(names) == 1 {
		return names[0] + " has"
	}
	return strings.Join(names, " and ") + " have"
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func algorithmsFor(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}
