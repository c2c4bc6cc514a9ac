//go:build linux && whole

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// access reaches masters as operators do: by way of OpenSSH's configuration and a jump host in it, by way of the
// environment, and without a look at host keys.
func access(t *testing.T, l *lab.Lab) {
	reached := func(config string, env ...string) (folded string) {
		t.Helper()
		return reached(t, l, config, env...)
	}
	nodes := func(host func(lab.Node) string) string { return nodesBlock(l, host) }
	withPort := nodes(func(m lab.Node) string { return fmt.Sprintf("host = %q, port = %d", m.Host(), m.Port()) })
	m1 := l.Node("m1")
	connections := func() []int64 { return connections(l) }

	t.Run("OpenSSH", func(t *testing.T) { openSSH(t, l) })
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
