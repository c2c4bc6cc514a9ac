//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
)

// hand makes the Terraform folder and writes down how to use everything.
func (d *drill) hand(ctx context.Context, l *lab.Lab) error {
	dir := d.dir
	tools, err := terraform.Prepare(ctx, dir, func(text string) { fmt.Println(text) })
	if err != nil {
		return err
	}
	w, err := tools.Example(filepath.Join(dir, "recovery"), l)
	if err != nil {
		return err
	}
	known, nodes := "", map[string]any{}
	for i, m := range l.Nodes() {
		nodes[m.Name()] = map[string]any{"host": address(i), "port": sshPort}
		known += fmt.Sprintf("%s %s\n", knownhosts.Normalize(fmt.Sprintf("%s:%d", address(i), sshPort)), m.HostKey())
	}
	if err := os.WriteFile(l.KnownHostsFile(), []byte(known), 0o644); err != nil {
		return fmt.Errorf("writing the known hosts: %w", err)
	}
	w.Variables["nodes"], w.Variables["recovery_id"] = nodes, "drill"
	if err := w.Save(); err != nil {
		return err
	}
	ready := filepath.Join(dir, readyFile)
	if err := os.WriteFile(ready+".new", []byte(help(dir, l, w.Dir, short(tools.CLI.Path))), 0o644); err != nil {
		return fmt.Errorf("writing the instructions: %w", err)
	}
	return os.Rename(ready+".new", ready)
}

func help(dir string, l *lab.Lab, workspace, cli string) string {
	var text strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	say(
		"\nThree nodes with etcd %s run, %d keys in it. Log in as root, or as ops who may use sudo:\n",
		l.Version(),
		keys,
	)
	for i := range l.Nodes() {
		say(
			"  ssh -i %s -o UserKnownHostsFile=%s -p %d root@%s",
			l.SSHKeyFile(),
			l.KnownHostsFile(),
			sshPort,
			address(i),
		)
	}
	say("\nBreak them: m2 and m3 lose power and all of etcd's data.\n\n  make lab-break\n")
	say(
		"Recover them:\n\n  cd %s\n  export TF_CLI_CONFIG_FILE=%s\n  %s plan\n  %s apply\n",
		workspace,
		filepath.Join(dir, terraformRC),
		cli,
		cli,
	)
	say("End them:\n\n  make lab-clean")
	return text.String()
}

// short is what a person types for a program.
func short(path string) string {
	name := filepath.Base(path)
	if found, err := exec.LookPath(name); err == nil && found == path {
		return name
	}
	return path
}
