package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// authMethods gives what to offer and the words that name it in an error. An explicit key is the only one offered: a server counts
// every key of a full agent against MaxAuthTries (hashicorp/terraform#2614).
func authMethods(ctx context.Context, c Config) (methods []ssh.AuthMethod, tried []string, closeAgent func(), err error) {
	closeAgent = func() {}
	switch {
	case c.PrivateKey != "":
		signer, err := parseKey([]byte(c.PrivateKey), c.Passphrase)
		if err != nil {
			return nil, nil, closeAgent, fmt.Errorf("%w: private_key: %w", ErrAuth, err)
		}
		methods, tried = append(methods, ssh.PublicKeys(signer)), append(tried, keyWords("private_key", signer))
	case c.PrivateKeyFile != "":
		path := expandHome(c.PrivateKeyFile)
		pem, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, closeAgent, fmt.Errorf("%w: private_key_file: %w", ErrAuth, err)
		}
		signer, err := parseKey(pem, c.Passphrase)
		if err != nil {
			return nil, nil, closeAgent, fmt.Errorf("%w: private_key_file %s: %w", ErrAuth, path, err)
		}
		methods, tried = append(methods, ssh.PublicKeys(signer)), append(tried, keyWords("private_key_file "+path, signer))
	case c.Agent:
		sock := os.Getenv("SSH_AUTH_SOCK")
		if sock == "" {
			tried = append(tried, "agent: SSH_AUTH_SOCK is not set")
			break
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", sock)
		if err != nil {
			tried = append(tried, "agent: "+err.Error())
			break
		}
		closeAgent = func() { _ = conn.Close() }
		methods, tried = append(methods, ssh.PublicKeysCallback(agent.NewClient(conn).Signers)), append(tried, "agent at "+sock)
	}
	if c.Password != "" {
		methods, tried = append(methods, ssh.Password(c.Password)), append(tried, "password")
	}
	if len(methods) == 0 {
		return nil, nil, closeAgent, fmt.Errorf("%w: nothing to log in with (%s): set private_key_file, private_key, password or agent in the provider's ssh block",
			ErrAuth, strings.Join(append(tried, "no key configured"), "; "))
	}
	return methods, tried, closeAgent, nil
}

func keyWords(source string, signer ssh.Signer) string {
	return fmt.Sprintf("%s (%s)", source, ssh.FingerprintSHA256(signer.PublicKey()))
}

func parseKey(pem []byte, passphrase string) (ssh.Signer, error) {
	signer, err := ssh.ParsePrivateKey(pem)
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) {
		if passphrase == "" {
			return nil, errors.New("the key is encrypted: set private_key_passphrase, or load it into an agent and set agent = true")
		}
		return ssh.ParsePrivateKeyWithPassphrase(pem, []byte(passphrase))
	}
	return signer, err
}

func expandHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return path
}
