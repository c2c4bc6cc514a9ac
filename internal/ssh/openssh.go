package ssh

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"time"
)

// OpenSSH asks the installed ssh(1) what its configuration says of a host. Match, Include, tokens and canonical names
// are resolved by OpenSSH itself (ssh -G). The zero value reads what `ssh host` reads.
type OpenSSH struct {
	// Configuration files, the one that counts most first; none are ~/.ssh/config and /etc/ssh/ssh_config.
	Files []string
}

// maxHops bounds a chain of jump hosts, which may name each other.
const maxHops = 8

// unset is a user name for OpenSSH to fall back to, by which "none is configured" is told apart from the name of the
// user who runs this.
const unset = "etcdrecovery.unset"

// ErrOpenSSH is a configuration of OpenSSH that cannot be used.
var ErrOpenSSH = errors.New("OpenSSH's configuration cannot be used")

// Installed tells whether there is an ssh to ask.
func (OpenSSH) Installed() bool {
	_, err := exec.LookPath("ssh")
	return err == nil
}

// Resolve fills in what a configuration leaves open, and gives the jump hosts on the way, the first one first.
func (o OpenSSH) Resolve(ctx context.Context, c Config) (Config, []Config, error) {
	return o.resolve(ctx, c, 0, true)
}

// ResolveAlone is Resolve for a server of which the way to it is known.
func (o OpenSSH) ResolveAlone(ctx context.Context, c Config) (Config, error) {
	c, _, err := o.resolve(ctx, c, 0, false)
	return c, err
}

func (o OpenSSH) resolve(ctx context.Context, c Config, depth int, jumps bool) (Config, []Config, error) {
	if depth > maxHops {
		return c, nil, fmt.Errorf(
			"%w: more than %d jump hosts on the way to %s: do they name each other?",
			ErrOpenSSH,
			maxHops,
			c.Host,
		)
	}
	said, err := o.ask(ctx, c)
	if err != nil {
		return c, nil, err
	}
	filled, err := said.fill(c)
	if err != nil {
		return c, nil, err
	}
	jump := said.first("proxyjump")
	switch {
	case !jumps:
		return filled, nil, nil
	case jump != "" && jump != "none":
	case said.first("proxycommand") != "" && said.first("proxycommand") != "none":
		return c, nil, fmt.Errorf(
			"%w: it has a ProxyCommand for %s (%s), which is not supported. Use ProxyJump there, or bastion_host in "+
				"the provider's ssh block, or set use_ssh_config = false",
			ErrOpenSSH,
			c.Host,
			said.first("proxycommand"),
		)
	default:
		return filled, nil, nil
	}
	var hops []Config
	for i, text := range strings.Split(jump, ",") {
		hop, err := c.hop(text)
		if err != nil {
			return c, nil, err
		}
		// Of the others OpenSSH takes no jump hosts of their own.
		hop, before, err := o.resolve(ctx, hop, depth+1, i == 0)
		if err != nil {
			return c, nil, err
		}
		hops = append(append(hops, before...), hop)
	}
	return filled, hops, nil
}

// hop is a jump host as ProxyJump names it: [user@]host[:port], or ssh://[user@]host[:port]. It is logged in to with
// what its own lines say.
func (c Config) hop(text string) (Config, error) {
	u, err := url.Parse("ssh://" + strings.TrimPrefix(strings.TrimSpace(text), "ssh://"))
	if err != nil || u.Hostname() == "" {
		return Config{}, fmt.Errorf("%w: ProxyJump %q names no host", ErrOpenSSH, text)
	}
	hop := Config{
		Host:            u.Hostname(),
		User:            u.User.Username(),
		Passphrase:      c.Passphrase,
		Agent:           c.asksAgent(),
		AgentSocket:     c.AgentSocket,
		AgentIdentities: c.AgentIdentities,
		KnownHostsFiles: c.KnownHostsFiles,
		Timeout:         c.Timeout,
		Keepalive:       c.Keepalive,
		Insecure:        c.Insecure,
		Become:          BecomeNone,
	}
	if u.Port() != "" {
		hop.Port, err = strconv.Atoi(u.Port())
	}
	return hop, err
}

// asksAgent tells whether an agent may be asked for a jump host: unless it was forbidden, which shows where a key does
// not explain its absence.
func (c Config) asksAgent() bool {
	return c.Agent || c.PrivateKey != "" || c.PrivateKeyFile != "" || c.Password != ""
}

// answer is what `ssh -G` printed: keys in small letters, each with its values in order.
type answer map[string][]string

func (a answer) first(key string) string {
	if len(a[key]) == 0 {
		return ""
	}
	return a[key][0]
}

func (o OpenSSH) ask(ctx context.Context, c Config) (answer, error) {
	if c.Host == "" || strings.HasPrefix(c.Host, "-") || strings.ContainsAny(c.Host, " \t\n") {
		return nil, fmt.Errorf("%w: %q is no host name", ErrOpenSSH, c.Host)
	}
	files := o.Files
	if len(files) == 0 {
		files = []string{"~/.ssh/config", "/etc/ssh/ssh_config"}
	}
	var text strings.Builder
	for _, f := range files {
		_, _ = fmt.Fprintf(&text, "Include \"%s\"\n", expandHome(f))
	}
	text.WriteString("Match all\nUser " + unset + "\n") // the first value counts
	config, err := os.CreateTemp("", "etcdrecovery-ssh-*")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOpenSSH, err)
	}
	defer func() { _ = os.Remove(config.Name()) }()
	_, err = config.WriteString(text.String())
	if err = errors.Join(err, config.Close()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOpenSSH, err)
	}
	args := []string{"-G", "-F", config.Name()}
	if c.User != "" {
		args = append(args, "-l", c.User)
	}
	if c.Port != 0 {
		args = append(args, "-p", strconv.Itoa(c.Port))
	}
	cmd := exec.CommandContext(ctx, "ssh", append(args, "--", c.Host)...)
	var out, errs bytes.Buffer
	// What a Match exec has left running is not waited for.
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &errs, time.Second
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: ssh -G %s: %w: %s", ErrOpenSSH, c.Host, err, strings.TrimSpace(errs.String()))
	}
	said := answer{}
	for line := range strings.Lines(out.String()) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		said[key] = append(said[key], value)
	}
	return said, nil
}

// fill puts in what is not set.
func (a answer) fill(c Config) (Config, error) {
	named := c.Host
	c.Host = cmp.Or(a.first("hostname"), c.Host)
	if u := a.first("user"); c.User == "" && u != unset {
		c.User = u
	}
	if c.Port == 0 {
		c.Port, _ = strconv.Atoi(a.first("port"))
	}
	c.HostKeyAlias = a.first("hostkeyalias")
	if len(c.KnownHostsFiles) == 0 {
		c.KnownHostsFiles = append(
			strings.Fields(a.first("userknownhostsfile")),
			strings.Fields(a.first("globalknownhostsfile"))...)
	}
	if s, err := strconv.Atoi(a.first("connecttimeout")); err == nil && s > 0 && c.Timeout == 0 {
		c.Timeout = time.Duration(s) * time.Second
	}
	if s, err := strconv.Atoi(a.first("serveraliveinterval")); err == nil && s > 0 && c.Keepalive == 0 {
		c.Keepalive = time.Duration(s) * time.Second
	}
	if c.PrivateKey != "" || c.PrivateKeyFile != "" {
		return c, nil // only this key
	}
	expand, err := tokens(named, c)
	if err != nil {
		return c, err
	}
	for _, f := range a["identityfile"] {
		c.IdentityFiles = append(c.IdentityFiles, os.ExpandEnv(expand(f)))
	}
	switch socket := a.first("identityagent"); socket {
	case "", "SSH_AUTH_SOCK":
	case "none":
		c.Agent = c.Agent && c.AgentSocket != "" // one that was named is asked all the same
	default:
		c.AgentSocket = cmp.Or(c.AgentSocket, expand(os.ExpandEnv(socket)))
	}
	if a.first("identitiesonly") == "yes" && len(c.AgentIdentities) == 0 {
		c.AgentIdentities = c.IdentityFiles
	}
	return c, nil
}

// tokens expands those of ssh_config(5) that stand in names of files.
func tokens(named string, c Config) (func(string) string, error) {
	me, err := user.Current()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOpenSSH, err)
	}
	r := strings.NewReplacer(
		"%%",
		"%",
		"%d",
		me.HomeDir,
		"%u",
		me.Username,
		"%i",
		me.Uid,
		"%r",
		c.User,
		"%h",
		c.Host,
		"%n",
		named,
		"%p",
		strconv.Itoa(c.port()),
	)
	return r.Replace, nil
}

// knownAs is the name under which known hosts files have a server.
func (c Config) knownAs() string {
	if c.HostKeyAlias != "" {
		return net.JoinHostPort(c.HostKeyAlias, "22")
	}
	return c.Addr()
}
