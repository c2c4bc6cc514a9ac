//go:build linux

package provider_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// reached plans a survey, which must reach every node, and gives what is printed.
func reached(t *testing.T, l *lab.Lab, config string, env ...string) (folded string) {
	t.Helper()
	w := workspace(t, l, config+"output \"report\" { value = data.etcdrecovery_survey.masters.report }\n")
	w.Env = env
	_, folded = run(t, w, 0, "plan", "-no-color")
	for _, m := range l.Nodes() {
		if !strings.Contains(folded, m.Name()+" reached") {
			t.Errorf("%s was not reached:\n%s", m.Name(), folded)
		}
	}
	return folded
}

// nodesBlock is a survey of nodes that are reached by these settings.
func nodesBlock(l *lab.Lab, host func(lab.Node) string) string {
	text := ""
	for _, m := range l.Nodes() {
		text += fmt.Sprintf(
			"%s = { %s, kubelet_config = %q, work_dir = %q }\n",
			m.Name(),
			host(m),
			m.Inside("/var/lib/kubelet/config.yaml"),
			m.Inside("/var/lib/etcdrecovery"),
		)
	}
	return "data \"etcdrecovery_survey\" \"masters\" {\n nodes = {\n" + text + "}\n}\n"
}

// connections counts those that each node has had.
func connections(l *lab.Lab) (all []int64) {
	for _, m := range l.Nodes() {
		all = append(all, m.Stats().Connections)
	}
	return all
}

// openSSH reaches nodes by way of OpenSSH's configuration and a jump host in it, and gives what is printed.
func openSSH(t *testing.T, l *lab.Lab) (folded string) {
	t.Helper()
	if _, err := exec.LookPath("ssh"); err != nil && os.Getenv("CI") == "" {
		t.Skip("not tested: there is no ssh on this machine; .ci/run installs it")
	}
	m1 := l.Node("m1")
	home := t.TempDir()
	config := ""
	for _, m := range l.Nodes() {
		config += fmt.Sprintf("Host master-%s\n  HostName %s\n  Port %d\n", m.Name(), m.Host(), m.Port())
		if m != m1 {
			config += "  ProxyJump master-m1\n"
		}
	}
	config += fmt.Sprintf(
		"Match host * \n  User %s\n  IdentityFile %s\n  UserKnownHostsFile %s\n",
		l.SSHUser(),
		l.SSHKeyFile(),
		l.KnownHostsFile(),
	)
	if err := os.Mkdir(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".ssh", "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	before := connections(l)
	folded = reached(
		t,
		l,
		"provider \"etcdrecovery\" {\n ssh = { become_method = \"none\" }\n}\n"+nodesBlock(
			l, func(m lab.Node) string { return fmt.Sprintf("host = \"master-%s\"", m.Name()) },
		),
		"HOME="+home,
		"SSH_AUTH_SOCK=",
	)
	for i, n := range connections(l) {
		// M1 is the jump host of both others as well.
		if want := map[bool]int64{true: 2, false: 1}[i == 0]; n-before[i] != want {
			t.Errorf("m%d has had %d connections, want %d", i+1, n-before[i], want)
		}
	}
	return folded
}
