//go:build linux

package main

import (
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// logins are SSH connections, one to each node, made when first used.
type logins map[string]*ssh.Client

func login(l *lab.Lab) logins {
	all := logins{}
	for _, m := range l.Nodes() {
		all[m.Name()] = ssh.New(
			ssh.Config{
				Host:           m.Host(),
				Port:           m.Port(),
				User:           l.SSHUser(),
				PrivateKeyFile: l.SSHKeyFile(),
				HostKey:        m.HostKey(),
				Become:         ssh.BecomeNone,
			},
			nil,
		)
	}
	return all
}

func (all logins) close() {
	for _, c := range all {
		_ = c.Close()
	}
}
