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

// access reaches masters as operators do: by way of OpenSSH's configuration and a jump host in it, by way of the
// environment, and without a look at host keys.
func access(t *testing.T, l *lab.Lab) {
	reached := func(config string, env ...string) (folded string) {
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
	nodes := func(host func(lab.Node) string) string {
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
	withPort := nodes(func(m lab.Node) string { return fmt.Sprintf("host = %q, port = %d", m.Host(), m.Port()) })
	m1 := l.Node("m1")
	connections := func() (all []int64) {
		for _, m := range l.Nodes() {
			all = append(all, m.Stats().Connections)
		}
		return all
	}

	t.Run("OpenSSH", func(t *testing.T) {
		if _, err := exec.LookPath("ssh"); err != nil && os.Getenv("CI") == "" {
			t.Skip("not tested: there is no ssh on this machine; .ci/run installs it")
		}
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
		before := connections()
		reached(
			"provider \"etcdrecovery\" {\n ssh = { become_method = \"none\" }\n}\n"+nodes(
				func(m lab.Node) string { return fmt.Sprintf("host = \"master-%s\"", m.Name()) },
			),
			"HOME="+home,
			"SSH_AUTH_SOCK=",
		)
		for i, n := range connections() {
			// M1 is the jump host of both others as well.
			if want := map[bool]int64{true: 2, false: 1}[i == 0]; n-before[i] != want {
				t.Errorf("m%d has had %d connections, want %d", i+1, n-before[i], want)
			}
		}
	})
	environment := []string{
		"ETCDRECOVERY_SSH_USER=" + l.SSHUser(),
		"ETCDRECOVERY_SSH_PRIVATE_KEY_FILE=" + l.SSHKeyFile(),
		"ETCDRECOVERY_SSH_KNOWN_HOSTS_FILE=" + l.KnownHostsFile(),
		"ETCDRECOVERY_SSH_BECOME_METHOD=none",
		"ETCDRECOVERY_SSH_USE_SSH_CONFIG=false",
	}
	t.Run("environment and a jump host", func(t *testing.T) {
		before := connections()
		reached(
			"provider \"etcdrecovery\" {}\n"+withPort,
			append(
				environment,
				"ETCDRECOVERY_SSH_BASTION_HOST="+m1.Host(),
				fmt.Sprintf("ETCDRECOVERY_SSH_BASTION_PORT=%d", m1.Port()),
			)...)
		if n := connections()[0] - before[0]; n != 2 {
			t.Errorf("m1 has had %d connections, as a jump host and as a master", n)
		}
	})
	t.Run("a jump host of the nodes", func(t *testing.T) {
		folded := reached("provider \"etcdrecovery\" {}\n"+nodes(func(m lab.Node) string {
			return fmt.Sprintf(
				"host = %q, port = %d, bastion_host = %q, bastion_port = %d",
				m.Host(),
				m.Port(),
				m1.Host(),
				m1.Port(),
			)
		}), environment...)
		if strings.Contains(folded, "Host Keys Are Not Checked") {
			t.Error("it warns of what is not so")
		}
	})
	t.Run("host keys not checked", func(t *testing.T) {
		folded := reached(
			"provider \"etcdrecovery\" {\n ssh = { insecure_ignore_host_key = true, known_hosts_file = \"/nowhere\" "+
				"}\n}\n"+withPort,
			environment...)
		wantWords(t, folded, "Warning: Host Keys Are Not Checked", "insecure_ignore_host_key is set", "ssh-keyscan")
	})
	t.Run("not understood", func(t *testing.T) {
		w := workspace(t, l, "provider \"etcdrecovery\" {}\n"+withPort)
		w.Env = append(environment, "ETCDRECOVERY_SSH_PORT=ssh")
		_, folded := run(t, w, 1, "plan", "-no-color")
		wantWords(
			t,
			folded,
			"Environment Not Understood",
			`ETCDRECOVERY_SSH_PORT is "ssh": it must be a port, from 1 to 65535`,
		)
		w = workspace(
			t,
			l,
			"provider \"etcdrecovery\" {\n ssh = { timeout = \"15\", become_method = \"su\" }\n}\n"+withPort,
		)
		_, folded = run(t, w, 1, "plan", "-no-color")
		wantWords(
			t,
			folded,
			`timeout is "15": it must be a positive duration such as "15s" or "2m"`,
			`become_method is "su": it must be sudo, doas or none`,
		)
	})
}
