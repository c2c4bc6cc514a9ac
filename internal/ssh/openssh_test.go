package ssh_test

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	etcdssh "github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// openSSH reads the given configuration, with the real ssh.
func openSSH(t *testing.T, config string) etcdssh.OpenSSH {
	t.Helper()
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Fatal("this test needs OpenSSH's ssh (openssh-client)")
	}
	return etcdssh.OpenSSH{Files: []string{file(t, "config", config)}}
}

// TestOpenSSH reads configurations that OpenSSH resolves: patterns, Match, Include, tokens, jump hosts.
func TestOpenSSH(t *testing.T) {
	me, err := user.Current()
	must(t, err)
	included := file(t, "more", "Host m4\n  Port 2204\n")
	o := openSSH(t, `
Include `+included+`
Host m1
  HostName 10.0.0.11
  User ops
  Port 2201
  IdentityFile ~/.ssh/masters_%n
  IdentitiesOnly yes
  UserKnownHostsFile /etc/known /etc/more
  HostKeyAlias m1.cluster
  ConnectTimeout 7
  ServerAliveInterval 3
Host m2
  ProxyJump jump1,alice@jump2:2222
Host m3
  ProxyJump behind
Host behind
  HostName 10.9.9.9
  ProxyJump ssh://bob@jump1:2200
Host round
  ProxyJump loop
Host loop
  ProxyJump round
Host tunnel
  ProxyCommand nc -X connect %h %p
Host agent
  IdentityAgent /run/agent-%u
Host plain
  IdentityAgent none
Match host m5 user deploy
  Port 2205
Host *.example.org
  User example
Host jump1
  User jumper
`)
	resolve := func(c etcdssh.Config) (etcdssh.Config, []etcdssh.Config) {
		t.Helper()
		got, hops, err := o.Resolve(t.Context(), c)
		must(t, err)
		return got, hops
	}
	got, hops := resolve(etcdssh.Config{Host: "m1", Agent: true})
	want := etcdssh.Config{
		Host:          "10.0.0.11",
		User:          "ops",
		Port:          2201,
		Agent:         true,
		IdentityFiles: []string{filepath.Join("~", ".ssh", "masters_m1")},
		HostKeyAlias:  "m1.cluster",
		Timeout:       7 * time.Second,
		Keepalive:     3 * time.Second,
	}
	want.AgentIdentities = want.IdentityFiles
	if len(got.KnownHostsFiles) < 2 || got.KnownHostsFiles[0] != "/etc/known" || got.KnownHostsFiles[1] != "/etc/more" {
		t.Errorf("known hosts are in %q", got.KnownHostsFiles)
	}
	got.KnownHostsFiles = nil
	if !reflect.DeepEqual(got, want) || len(hops) > 0 {
		t.Errorf("got  %+v\nwant %+v\nhops %+v", got, want, hops)
	}

	// What the configuration says itself counts.
	set := etcdssh.Config{
		Host:            "m1",
		User:            "root",
		Port:            22,
		PrivateKeyFile:  "/id",
		KnownHostsFiles: []string{"/mine"},
		Timeout:         time.Minute,
		Keepalive:       time.Second,
	}
	got, _ = resolve(set)
	if got.User != "root" || got.Port != 22 || got.IdentityFiles != nil || got.KnownHostsFiles[0] != "/mine" ||
		got.Timeout != time.Minute ||
		got.Keepalive != time.Second ||
		got.Host != "10.0.0.11" {
		t.Errorf("got %+v", got)
	}

	if got, _ = resolve(etcdssh.Config{Host: "unheard.of"}); got.User != "" || got.Host != "unheard.of" ||
		got.Port != 22 {
		t.Errorf("a host without lines: %+v", got)
	}
	if got, _ = resolve(etcdssh.Config{Host: "a.example.org"}); got.User != "example" {
		t.Errorf("a pattern: %+v", got)
	}
	if got, _ = resolve(etcdssh.Config{Host: "m4"}); got.Port != 2204 {
		t.Errorf("an included file: %+v", got)
	}
	if got, _ = resolve(etcdssh.Config{Host: "m5", User: "deploy"}); got.Port != 2205 {
		t.Errorf("a match: %+v", got)
	}
	if got, _ = resolve(etcdssh.Config{Host: "m5", User: "ops"}); got.Port != 22 {
		t.Errorf("no match: %+v", got)
	}
	if got, _ = resolve(etcdssh.Config{Host: "agent", Agent: true}); got.AgentSocket != "/run/agent-"+me.Username {
		t.Errorf("an agent: %+v", got)
	}
	if got, _ = resolve(etcdssh.Config{Host: "plain", Agent: true}); got.Agent {
		t.Errorf("no agent: %+v", got)
	}

	for _, c := range []struct {
		host string
		want []string // user, host and port of each hop
	}{
		{"m2", []string{"jumper@jump1:22", "alice@jump2:2222"}},
		{"m3", []string{"bob@jump1:2200", "@10.9.9.9:22"}},
	} {
		_, hops := resolve(etcdssh.Config{Host: c.host})
		var names []string
		for _, h := range hops {
			names = append(names, h.User+"@"+h.Addr())
		}
		if !reflect.DeepEqual(names, c.want) {
			t.Errorf("%s goes by way of %q, want %q", c.host, names, c.want)
		}
	}

	_, _, err = o.Resolve(t.Context(), etcdssh.Config{Host: "loop"})
	wantError(t, "a loop", err, etcdssh.ErrOpenSSH, "jump hosts on the way")
	_, _, err = o.Resolve(t.Context(), etcdssh.Config{Host: "tunnel"})
	wantError(t, "a ProxyCommand", err, etcdssh.ErrOpenSSH, "ProxyCommand", "bastion_host")
	for _, host := range []string{"", "-oProxyCommand=touch /tmp/x", "a b", "a\nb"} {
		_, _, err = o.Resolve(t.Context(), etcdssh.Config{Host: host})
		wantError(t, host, err, etcdssh.ErrOpenSSH, "is no host name")
	}
	broken := openSSH(t, "Host m1\n  Prot 22\n")
	_, _, err = broken.Resolve(t.Context(), etcdssh.Config{Host: "m1"})
	wantError(t, "a mistake", err, etcdssh.ErrOpenSSH, "line 2", "prot")
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "etcdrecovery-ssh-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
