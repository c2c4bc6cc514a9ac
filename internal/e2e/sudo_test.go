//go:build linux && e2e

package e2e_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// TestSudo has etcd 3.6, data on a mount, and members whose names are not their hosts'. It logs in as a user who is not
// root and may use sudo without a password.
func TestSudo(t *testing.T) {
	l, count := start(t, lab.Options{Etcd: "3.6", DataMount: true, Manifest: otherName})
	readDisks(t, l)
	lose(t, l.Nodes()[1:]...)
	w := workspace(t, l)
	w.Variables["ssh"] = map[string]any{
		"user":             "ops",
		"private_key_file": l.SSHKeyFile(),
		"known_hosts_file": l.KnownHostsFile(),
	}
	must(t, w.Save())
	must(t, l.Node("m3").SudoFails(true))
	wants(t, run(t, w, 1, "plan"), "m3", "sudo")
	must(t, l.Node("m3").SudoFails(false))
	apply(t, w)
	recovered(t, l, count)
}

// otherName gives the members names that are not their hosts'. The kubelet puts them in, from a variable; those that
// join have their member list in the environment.
func otherName(master string, text []byte) []byte {
	manifest := regexp.MustCompile(`([=,])m([123])\b`).ReplaceAllString(string(text), "${1}infra$2")
	name := "infra" + master[1:]
	env := "    env:\n    - name: MEMBER\n      value: " + name + "\n"
	manifest = strings.Replace(manifest, "--name="+name+"\n", "--name=$(MEMBER)\n", 1)
	if list := regexp.MustCompile(`    - --initial-cluster=(.*)\n`); master != "m1" {
		env += "    - name: ETCD_INITIAL_CLUSTER\n      value: " + list.FindStringSubmatch(manifest)[1] + "\n"
		manifest = list.ReplaceAllLiteralString(manifest, "")
	}
	return []byte(strings.Replace(manifest, "    image:", env+"    image:", 1))
}
