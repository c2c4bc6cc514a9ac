//go:build linux

package ssh_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	etcdssh "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// realSSHD is OpenSSH's own sshd with users of all kinds, in a mount namespace of its own: /etc, /home and /tmp are not
// this machine's.
type realSSHD struct {
	addr    string
	hostKey ssh.PublicKey
	hostCA  ssh.Signer // signed the host's certificate
	pem     string     // opens the door for every user but those with a password
	userCA  ssh.Signer
	pid     int // in its namespace /etc can be looked at and changed
}

const rootsPassword = "open sesame; $(touch /tmp/pwned) 'quoted'"

// startReal starts it. Without root, or where it is not installed, there is none; .ci/run installs it.
func startReal(t *testing.T) *realSSHD {
	t.Helper()
	for _, program := range []string{
		"/usr/sbin/sshd", "/usr/bin/sudo", "/usr/bin/doas", "/usr/bin/fish", "/bin/tcsh", "/bin/busybox",
	} {
		_, err := os.Stat(program)
		switch {
		case os.Geteuid() != 0:
			t.Skip("nothing was tested: users are made in a mount namespace, which needs root, as .ci/run has it")
		case err != nil && os.Getenv("CI") != "":
			t.Fatalf("%s is not installed", program)
		case err != nil:
			t.Skipf("nothing was tested: %s is not installed; .ci/run installs it", program)
		}
	}
	dir := t.TempDir()
	r := &realSSHD{}
	host, hostPEM := newKey(t, "")
	user, pem := newKey(t, "")
	r.hostKey, r.pem = host.PublicKey(), pem
	r.hostCA, _ = newKey(t, "")
	r.userCA, _ = newKey(t, "")
	cert := &ssh.Certificate{
		Key:             r.hostKey,
		CertType:        ssh.HostCert,
		ValidPrincipals: []string{"master.example"},
		ValidBefore:     uint64(time.Now().Add(time.Hour).Unix()),
	} //nolint:gosec // after 1970
	must(t, cert.SignCert(rand.Reader, r.hostCA))
	for name, text := range map[string]string{
		"host":          hostPEM,
		"host-cert.pub": line(cert),
		"user-ca.pub":   line(r.userCA.PublicKey()),
		"authorized":    line(user.PublicKey()),
		"password":      rootsPassword,
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o600))
	}
	must(t, os.Chmod(filepath.Join(dir, "host"), 0o600))
	l := listen(t, "tcp", "127.0.0.1:0")
	r.addr = l.Addr().String()
	port := strconv.Itoa(portOf(l))
	must(t, l.Close())

	//nolint:noctx,gosec // ended below
	cmd := exec.Command("unshare", "-m", "--propagation", "private", "sh", "testdata/sshd.sh", dir, port)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	must(t, cmd.Start())
	r.pid = cmd.Process.Pid
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		must(t, cmd.Process.Kill())
		if err := <-ended; err == nil {
			t.Error("sshd had ended by itself")
		}
		if t.Failed() {
			t.Logf("sshd said:\n%s", log.String())
		}
	})
	for {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("sshd: %v\n%s", err, log.String())
		case <-time.After(20 * time.Millisecond):
		}
		if c, err := net.Dial("tcp", r.addr); err == nil { //nolint:noctx // loopback
			_ = c.Close()
			return r
		}
	}
}

// config logs in as a user with the key.
func (r *realSSHD) config(user string) etcdssh.Config {
	_, port, _ := net.SplitHostPort(r.addr)
	n, _ := strconv.Atoi(port)
	return etcdssh.Config{
		Host:       "127.0.0.1",
		Port:       n,
		User:       user,
		PrivateKey: r.pem,
		HostKey:    line(r.hostKey),
		Timeout:    10 * time.Second,
		Become:     etcdssh.BecomeSudo,
	}
}

// inside runs a script where sshd is.
func (r *realSSHD) inside(t *testing.T, script string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), //nolint:gosec // the test's own
		"nsenter", "-m", "-t", fmt.Sprint(r.pid), "sh", "-ec", script)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// asRoot proves that a script runs as root, in a shell that is set up as scripts want it, and that nothing else was
// printed.
func asRoot(ctx context.Context, config etcdssh.Config) error {
	c := etcdssh.New(config, nil)
	defer func() { _ = c.Close() }()
	out, err := c.Run(ctx, `id -u; umask; printf '%s\n' "$LC_ALL"; x='a  b'; printf '%s\n' "$x"
cat /etc/hostname >/dev/null; command -v mount >/dev/null && echo tools`)
	if want := "0\n0077\nC\na  b\ntools\n"; err == nil && string(out) != want {
		return fmt.Errorf("got %q, want %q", out, want)
	}
	return err
}

// TestSSHD has the sshd that masters have.
func TestSSHD(t *testing.T) {
	r := startReal(t)
	for name, test := range map[string]func(*testing.T, *realSSHD){
		"users": users, "host keys": hostKeys, "logins": logins, "sessions": sessions,
	} {
		t.Run(name, func(t *testing.T) { test(t, r) })
	}
	t.Run("printed rules", func(t *testing.T) { printedRules(t, r) }) // which changes a user
}

// users logs in as users of many kinds and becomes root.
func users(t *testing.T, r *realSSHD) {
	as := func(user string, set ...func(*etcdssh.Config)) etcdssh.Config {
		c := r.config(user)
		for _, s := range set {
			s(&c)
		}
		return c
	}
	password := func(c *etcdssh.Config) { c.BecomePassword = rootsPassword }
	wrong := func(c *etcdssh.Config) { c.BecomePassword = "wr0ng" }
	types := func(c *etcdssh.Config) { c.Password = rootsPassword }
	noKey := func(c *etcdssh.Config) { c.PrivateKey = "" }
	throughDoas := func(c *etcdssh.Config) { c.Become = etcdssh.BecomeDoas }
	for _, c := range []struct {
		name   string
		config etcdssh.Config
		kind   error // nil where it becomes root
		words  []string
	}{
		{"root", as("root"), nil, nil},
		{"root, with a password for sudo that nobody asks for", as("root", password), nil, nil},
		{"sudo", as("ops"), nil, nil},
		{"sudo, with a password that it does not ask for", as("ops", password), nil, nil},
		{"sudo with a password, keyboard-interactive after the key", as("asked", types, password), nil, nil},
		{"sudo with a wrong password", as("asked", types, wrong), etcdssh.ErrPrivilege, []string{
			"asked on 127.0.0.1 may not become root", "1 incorrect password attempt", "Check become_password",
		}},
		{"sudo that asks for a password", as("asked", types), etcdssh.ErrPrivilege, []string{
			"a password is required", "asked ALL=(root) NOPASSWD: /bin/sh -s", "become_password",
		}},
		{"the key alone where more is wanted", as("asked"), etcdssh.ErrAuth, []string{
			"known to the server, and not enough", "the server takes: keyboard-interactive",
		}},
		{"no sudo rule", as("refused"), etcdssh.ErrPrivilege, []string{
			"refused ALL=(root) NOPASSWD: /bin/sh -s", "visudo",
		}},
		{"requiretty", as("wantstty"), etcdssh.ErrPrivilege, []string{"Defaults:wantstty !requiretty"}},
		{"doas", as("doas", throughDoas), nil, nil},
		{"no doas rule", as("ops", throughDoas), etcdssh.ErrPrivilege, []string{
			"permit nopass ops as root cmd /bin/sh args -s", "/etc/doas.conf",
		}},
		{"fish", as("fish"), nil, nil},
		{"fish, with a password", as("fish", password), nil, nil},
		{"tcsh", as("tcsh"), nil, nil},
		{"tcsh, with a password", as("tcsh", password), nil, nil},
		{"dash", as("dash"), nil, nil},
		{"busybox", as("ash"), nil, nil},
		{"a .bashrc that greets", as("greets"), nil, nil},
		{"an environment that misleads", as("paths"), nil, nil},
		{"nologin", as("nologin"), etcdssh.ErrPrivilege, []string{
			"gets no shell that reads a script", "not available",
		}},
		{"ForceCommand", as("forced"), etcdssh.ErrPrivilege, []string{
			"gets no shell that reads a script", "backup done",
		}},
		{"a password", as("typed", noKey, types), nil, nil},
		{"a key where a password is wanted", as("typed"), etcdssh.ErrAuth, []string{"the server takes: password"}},
		{"nobody", as("nobody-at-all"), etcdssh.ErrAuth, []string{`user "nobody-at-all"`, "refused"}},
	} {
		err := asRoot(t.Context(), c.config)
		if c.kind == nil {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		t.Logf("%s: %v", c.name, err) // for who reads the texts
		wantError(t, c.name, err, c.kind, c.words...)
		for _, secret := range []string{rootsPassword, "wr0ng", "PRIVATE KEY"} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error has a secret in it: %v", c.name, err)
			}
		}
	}
	r.inside(t, "[ ! -e /tmp/pwned ] || { echo a password was interpreted; exit 1; }")
}

// printedRules takes the line that an error prints, puts it where it says, and logs in again.
func printedRules(t *testing.T, r *realSSHD) {
	for _, c := range []struct {
		become etcdssh.Become
		rule   *regexp.Regexp
		add    string
	}{
		{etcdssh.BecomeSudo, regexp.MustCompile(`refused ALL=.* -s`), "printf '%%s\\n' %s " +
			">/etc/sudoers.d/etcdrecovery; chmod 0440 /etc/sudoers.d/etcdrecovery; visudo -c"},
		{etcdssh.BecomeDoas, regexp.MustCompile(`permit nopass refused .* -s`), "printf '%%s\\n' %s " +
			">>/etc/doas.conf; doas -C /etc/doas.conf"},
	} {
		config := r.config("refused")
		config.Become = c.become
		err := asRoot(t.Context(), config)
		wantError(t, string(c.become), err, etcdssh.ErrPrivilege)
		if err == nil {
			continue
		}
		rule := c.rule.FindString(err.Error())
		r.inside(t, fmt.Sprintf(c.add, etcdssh.Quote(rule)))
		if err := asRoot(t.Context(), config); err != nil {
			t.Errorf("with %q: %v", rule, err)
		}
		// It allows this and no more.
		cmd := exec.CommandContext(t.Context(), //nolint:gosec // the test's own
			"nsenter", "-m", "-t", fmt.Sprint(r.pid),
			"su", "-s", "/bin/sh", "refused", "-c", string(c.become)+" -n id -u")
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Errorf("%q allows more: %s", rule, out)
		}
	}
}

// hostKeys knows the server by its key, by a hashed line, and by the authority that signed its key.
func hostKeys(t *testing.T, r *realSSHD) {
	_, port, _ := net.SplitHostPort(r.addr)
	other, _ := newKey(t, "")
	plain := fmt.Sprintf("[127.0.0.1]:%s %s", port, line(r.hostKey))
	hashed := file(t, "hashed", plain+"\n")
	must(t, exec.CommandContext(t.Context(), "ssh-keygen", "-H", "-f", hashed).Run())
	text, err := os.ReadFile(hashed)
	must(t, err)
	if strings.Contains(string(text), "127.0.0.1") {
		t.Fatalf("not hashed: %s", text)
	}
	const alias = "master.example"
	signedBy := func(authority ssh.Signer) string {
		return "@cert-authority " + alias + " " + line(authority.PublicKey())
	}
	for _, c := range []struct {
		name, known, alias string
		words              []string
	}{
		{name: "plain", known: plain},
		{name: "hashed", known: string(text)},
		{name: "signed", known: signedBy(r.hostCA), alias: alias},
		{
			name: "signed by another one", known: signedBy(other), alias: alias,
			words: []string{"offers a certificate", "no authorities", "@cert-authority"},
		},
		{name: "revoked", known: "@revoked * " + line(r.hostKey), words: []string{"revokes", ":1"}},
		{
			name: "another key", known: fmt.Sprintf("[127.0.0.1]:%s %s", port, line(other.PublicKey())),
			words: []string{"another one than is known", ":1", "ssh-keygen -R"},
		},
		{name: "none", words: []string{"is not known", "ssh-keyscan -t ed25519 -p " + port}},
	} {
		config := r.config("ops")
		config.HostKey, config.HostKeyAlias, config.KnownHostsFiles = "", c.alias, []string{
			file(t, "known_hosts", c.known+"\n"),
		}
		err := asRoot(t.Context(), config)
		if c.words == nil {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		t.Logf("%s: %v", c.name, err)
		wantError(t, c.name, err, etcdssh.ErrHostKey, c.words...)
		// What it prints is a command that can be run as it is.
		if c.name == "none" && err != nil {
			keyscan := regexp.MustCompile(`ssh-keyscan .*?; or`).FindString(err.Error())
			//nolint:gosec // what is tested
			must(t, exec.CommandContext(t.Context(), "sh", "-c", strings.TrimSuffix(keyscan, "; or")).Run())
			if err := asRoot(t.Context(), config); err != nil {
				t.Errorf("after %s: %v", keyscan, err)
			}
		}
	}
}

// logins has more keys than the server wants to see, and a certificate.
func logins(t *testing.T, r *realSSHD) {
	ring := agent.NewKeyring()
	for i := range 20 {
		key := r.pem
		if i != 17 {
			_, key = newKey(t, "")
		}
		raw, err := ssh.ParseRawPrivateKey([]byte(key))
		must(t, err)
		must(t, ring.Add(agent.AddedKey{PrivateKey: raw, Comment: fmt.Sprint("key ", i)}))
	}
	config := r.config("ops")
	config.PrivateKey, config.Agent, config.AgentSocket = "", true, serveAgent(t, ring)
	err := asRoot(t.Context(), config)
	t.Logf("20 keys: %v", err)
	wantError(t, "20 keys", err, etcdssh.ErrAuth, "MaxAuthTries", "agent_identity")
	config.AgentIdentities = []string{"key 17"}
	must(t, asRoot(t.Context(), config))

	signer, err := ssh.ParsePrivateKey([]byte(r.pem))
	must(t, err)
	config = r.config("cert")
	wantError(t, "without a certificate", asRoot(t.Context(), config), etcdssh.ErrAuth, "refused")
	cert := &ssh.Certificate{
		Key:             signer.PublicKey(),
		CertType:        ssh.UserCert,
		ValidPrincipals: []string{"cert"},
		ValidBefore:     uint64(time.Now().Add(time.Hour).Unix()),
	} //nolint:gosec // after 1970
	must(t, cert.SignCert(rand.Reader, r.userCA))
	config.Certificate = line(cert)
	must(t, asRoot(t.Context(), config))
}

// sessions takes as many sessions as sshd allows, and moves more than its keys are good for.
func sessions(t *testing.T, r *realSSHD) {
	for user, most := range map[string]int{"one": 1, "two": 2, "ops": 10} {
		c := etcdssh.New(r.config(user), nil)
		results := make(chan error)
		for range 12 {
			go func() {
				out, err := c.Run(t.Context(), "sleep 0.1; echo done")
				if err == nil && string(out) != "done\n" {
					err = fmt.Errorf("got %q", out)
				}
				results <- err
			}()
		}
		for range 12 {
			if err := <-results; err != nil {
				t.Errorf("MaxSessions %d: %v", most, err)
			}
		}
		must(t, c.Close())
	}
	c := etcdssh.New(r.config("ops"), nil)
	defer func() { must(t, c.Close()) }()
	out, err := c.Run(t.Context(), "head -c 5000000 /dev/zero") // RekeyLimit is 1M
	if err != nil || len(out) != 5000000 {
		t.Errorf("got %d bytes, %v", len(out), err)
	}
	in := strings.Repeat("x", 3_000_000)
	if out, err := c.Run(t.Context(), "wc -c <<'END'\n"+in+"\nEND"); err != nil ||
		strings.TrimSpace(string(out)) != "3000001" {
		t.Errorf("got %q, %v", out, err)
	}

	l := listen(t, "tcp", "127.0.0.1:0")
	defer func() { _ = l.Close() }()
	if _, err := c.DialContext(t.Context(), "tcp", l.Addr().String()); err != nil {
		t.Errorf("a tunnel: %v", err)
	}
	closed := etcdssh.New(r.config("nowhere"), nil)
	defer func() { _ = closed.Close() }()
	if _, err := closed.DialContext(t.Context(), "tcp", l.Addr().String()); !errors.Is(err, etcdssh.ErrNoForwarding) {
		t.Errorf("AllowTcpForwarding no: %v", err)
	}
}
