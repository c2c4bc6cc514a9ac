package ssh

import (
	"bytes"
	"fmt"
	"net"
	"os"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
)

// hostKeyCheck gives the strict check of the master's key and the algorithms to ask for. Without the latter a host known by one key
// type only fails as changed (golang/go#29286).
func hostKeyCheck(c Config) (ssh.HostKeyCallback, []string, error) {
	if c.HostKey != "" {
		want, _, _, _, err := ssh.ParseAuthorizedKey([]byte(c.HostKey))
		if err != nil {
			return nil, nil, fmt.Errorf("%w: host_key is not a public key line such as \"ssh-ed25519 AAAA…\": %w", ErrHostKey, err)
		}
		return func(_ string, _ net.Addr, got ssh.PublicKey) error {
			if bytes.Equal(got.Marshal(), want.Marshal()) {
				return nil
			}
			return fmt.Errorf("%w: %s offers %s %s, and host_key says %s %s. If the master was reinstalled, check its fingerprint on its console and put the new key into host_key",
				ErrHostKey, c.Addr(), got.Type(), ssh.FingerprintSHA256(got), want.Type(), ssh.FingerprintSHA256(want))
		}, algorithmsFor(want.Type()), nil
	}
	file := expandHome(c.KnownHostsFile)
	if file == "" {
		file = expandHome("~/.ssh/known_hosts")
	}
	if _, err := os.Stat(file); err != nil {
		return nil, nil, fmt.Errorf("%w: no host_key is set and the known hosts file cannot be read: %w", ErrHostKey, err)
	}
	db, err := knownhosts.NewDB(file)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: known hosts file %s: %w", ErrHostKey, file, err)
	}
	check := db.HostKeyCallback()
	return func(host string, remote net.Addr, got ssh.PublicKey) error {
		err := check(host, remote, got)
		switch {
		case err == nil:
			return nil
		case knownhosts.IsHostKeyChanged(err):
			return fmt.Errorf("%w: the key of %s changed: it offers %s %s, and %s has another one. Somebody may be listening in, or the master was reinstalled: "+
				"check the fingerprint on its console, then remove the old line with: ssh-keygen -R '%s' -f '%s'",
				ErrHostKey, c.Addr(), got.Type(), ssh.FingerprintSHA256(got), file, knownhosts.Normalize(c.Addr()), file)
		case knownhosts.IsHostUnknown(err):
			return fmt.Errorf("%w: the key of %s is unknown: it offers %s %s, and %s has no line for it. Check the fingerprint on its console, then add it with: "+
				"ssh-keyscan -p %s %s >> '%s', or set host_key",
				ErrHostKey, c.Addr(), got.Type(), ssh.FingerprintSHA256(got), file, portOf(c.Addr()), c.Host, file)
		}
		return fmt.Errorf("%w: %w", ErrHostKey, err)
	}, db.HostKeyAlgorithms(c.Addr()), nil
}

func portOf(addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "22"
	}
	return port
}

func algorithmsFor(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}
