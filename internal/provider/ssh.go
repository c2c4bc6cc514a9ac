package provider

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider/schema"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

func sshAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "How the masters are reached. Nothing of this block goes into the state. What a node " +
			"says itself goes first, then this block, then the environment, " +
			"then OpenSSH's configuration, then the default.",
		Attributes: providerAttributes(),
	}
}

// layers are settings by their place, the one that goes first in front.
type layers []values

func (l layers) get(name string) string {
	for _, v := range l {
		if text, ok := v[name]; ok {
			return text
		}
	}
	return ""
}

// What is here was checked when it was read.
func (l layers) int(name string) int   { n, _ := strconv.Atoi(l.get(name)); return n }
func (l layers) bool(name string) bool { b, _ := strconv.ParseBool(l.get(name)); return b }
func (l layers) duration(name string) time.Duration {
	d, _ := time.ParseDuration(l.get(name))
	return d
}

// list is one of the one value that is given, nil for none.
func (l layers) list(name string) []string {
	if text := l.get(name); text != "" {
		return []string{text}
	}
	return nil
}

// key is the private key of the first place that names one, as a text or a file, with its certificate.
func (l layers) key(prefix string) (pem, file, certificate string) {
	for i, v := range l {
		if pem, file := v[prefix+"private_key"], v[prefix+"private_key_file"]; pem != "" || file != "" {
			return pem, file, l[:i+1].get(prefix + "certificate")
		}
		// Asked for here, before any key that comes after.
		if agent, _ := strconv.ParseBool(v["agent"]); agent || v["agent_identity"] != "" {
			break
		}
	}
	return "", "", l.get(prefix + "certificate")
}

// config is how a host is reached as far as these settings say.
func (l layers) config(host string) ssh.Config {
	c := ssh.Config{
		Host:            host,
		Port:            l.int("port"),
		User:            l.get("user"),
		Passphrase:      l.get("private_key_passphrase"),
		Password:        l.get("password"),
		AgentSocket:     l.get("agent_socket"),
		AgentIdentities: l.list("agent_identity"),
		HostKey:         l.get("host_key"),
		KnownHostsFiles: l.list("known_hosts_file"),
		Insecure:        l.bool("insecure_ignore_host_key"),
		Timeout:         l.duration("timeout"),
		Keepalive:       l.duration("keepalive"),
		MaxSessions:     l.int("max_sessions"),
		Become:          cmp.Or(ssh.Become(l.get("become_method")), ssh.BecomeSudo),
		BecomePassword:  l.get("become_password"),
	}
	c.PrivateKey, c.PrivateKeyFile, c.Certificate = l.key("")
	return l.withAgent(c)
}

// bastion is how the jump host is reached, if there is one.
func (l layers) bastion() (c ssh.Config, ok bool) {
	host := l.get("bastion_host")
	if host == "" {
		return c, false
	}
	c = l.config(host)
	c.HostKey, c.Become, c.BecomePassword = l.get("bastion_host_key"), ssh.BecomeNone, ""
	c.Port, c.User = cmp.Or(l.int("bastion_port"), c.Port), cmp.Or(l.get("bastion_user"), c.User)
	c.Passphrase, c.Password = cmp.Or(l.get("bastion_private_key_passphrase"), c.Passphrase), cmp.Or(
		l.get("bastion_password"),
		c.Password,
	)
	if pem, file, certificate := l.key("bastion_"); pem != "" || file != "" {
		c.PrivateKey, c.PrivateKeyFile, c.Certificate = pem, file, certificate
	}
	return l.withAgent(c), true
}

// withAgent asks an agent where that is wanted, or where nothing else is given.
func (l layers) withAgent(c ssh.Config) ssh.Config {
	c.Agent = l.bool("agent") ||
		l.get("agent") == "" && c.PrivateKey == "" && c.PrivateKeyFile == "" && c.Password == ""
	return c
}

// way is how a host is reached, by way of which jump hosts. OpenSSH is asked for what the settings leave open.
func (l layers) way(ctx context.Context, host string) (ssh.Config, []ssh.Config, error) {
	var openSSH ssh.OpenSSH
	asked := l.bool("use_ssh_config") || l.get("use_ssh_config") == "" && openSSH.Installed()
	c, hops := l.config(host), []ssh.Config(nil)
	bastion, given := l.bastion()
	var err error
	switch {
	case asked && given:
		if c, err = openSSH.ResolveAlone(ctx, c); err == nil {
			bastion, hops, err = openSSH.Resolve(ctx, bastion)
		}
	case asked:
		c, hops, err = openSSH.Resolve(ctx, c)
	}
	if err != nil {
		return c, nil, err
	}
	if given {
		hops = append(hops, bastion)
	}
	for i := range hops {
		hops[i] = withDefaults(hops[i])
	}
	return withDefaults(c), hops, nil
}

func withDefaults(c ssh.Config) ssh.Config {
	c.User, c.Port = cmp.Or(c.User, "root"), cmp.Or(c.Port, 22)
	return c
}
