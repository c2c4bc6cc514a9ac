//go:build linux

package provider_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/provider"
)

// factories serve the provider within the test.
var factories = map[string]func() (tfprotov6.ProviderServer, error){
	"etcdrecovery": providerserver.NewProtocol6WithError(provider.New("test")()),
}

func TestMain(m *testing.M) {
	if os.Getenv("TF_ACC") == "" {
		_ = os.Setenv("TF_ACC", "1") // these tests cost nobody anything
	}
	dir, err := os.MkdirTemp("", "etcdrecovery-provider-")
	if err != nil {
		panic(err)
	}
	tools = sync.OnceValues(func() (*terraform.Tools, error) {
		// The one that tells of what it refuses by code.
		const watched = "./internal/lab/cmd/provider"
		return terraform.PrepareWith(context.Background(), dir, watched, func(text string) { fmt.Println(text) })
	})
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// tools are the CLI and the provider as a program, for all tests that run it: to build it takes as long as a recovery.
var tools func() (*terraform.Tools, error)

// start makes a lab with some keys in it, and gives their number.
func start(t *testing.T, o lab.Options) (*lab.Lab, int64) {
	t.Helper()
	t.Parallel() // much of a recovery is waiting
	l, err := lab.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := l.Fill(t.Context(), 300, 100); err != nil {
		t.Fatal(err)
	}
	count, _, err := l.CountKeys(t.Context(), "m1")
	if err != nil {
		t.Fatal(err)
	}
	return l, count
}

// loseMajority takes all masters but the first their data and brings the machines back, with an etcd that does not
// start.
func loseMajority(t *testing.T, l *lab.Lab) {
	t.Helper()
	if err := l.Lose(l.Nodes()[1:]...); err != nil {
		t.Fatal(err)
	}
}

// wipe takes masters their data and brings the machines back, and leaves it to etcd what becomes of the members.
func wipe(t *testing.T, masters ...lab.Node) {
	t.Helper()
	for _, m := range masters {
		m.PowerOff()
	}
	for _, m := range masters {
		if err := m.WipeEtcd(); err != nil {
			t.Fatal(err)
		}
		if err := m.PowerOn(); err != nil {
			t.Fatal(err)
		}
	}
}

// providerBlock logs in to the lab.
func providerBlock(l *lab.Lab) string {
	return fmt.Sprintf(`
provider "etcdrecovery" {
  ssh = { user = %q, private_key_file = %q, known_hosts_file = %q, timeout = "4s", become_method = "none" }
}
`, l.SSHUser(), l.SSHKeyFile(), l.KnownHostsFile())
}

// nodeBlock is one entry of the survey's nodes.
func nodeBlock(m lab.Identity) string {
	return fmt.Sprintf("    %s = { host = %q, port = %d, kubelet_config = %q, work_dir = %q }\n",
		m.Name(), m.Host(), m.Port(), m.Inside("/var/lib/kubelet/config.yaml"), m.Inside("/var/lib/etcdrecovery"))
}

func surveyBlock(l *lab.Lab) string {
	nodes := ""
	for _, m := range l.Nodes() {
		nodes += nodeBlock(m)
	}
	return providerBlock(l) + "data \"etcdrecovery_survey\" \"masters\" {\n  nodes = {\n" + nodes + "  }\n}\n"
}

// seedBlock is a seed; more are further arguments.
func seedBlock(more ...string) string {
	return "resource \"etcdrecovery_seed\" \"this\" {\n  survey = data.etcdrecovery_survey.masters\n  recovery_id = " +
		"\"test\"\n  " + strings.Join(more, "\n  ") + "\n}\n"
}

// chain lets the others join one after the other.
func chain(l *lab.Lab) string {
	text, join := "", "etcdrecovery_seed.this.cluster"
	for _, m := range l.Nodes()[1:] {
		text += memberBlock(m.Name(), join)
		join = "etcdrecovery_member." + m.Name() + ".cluster"
	}
	return text
}

func memberBlock(name, join string) string {
	return fmt.Sprintf(
		"resource \"etcdrecovery_member\" %q {\n  node = data.etcdrecovery_survey.masters.nodes[%q]\n  join = %s\n}\n",
		name,
		name,
		join,
	)
}

// wantKeys compares the number of keys on every master.
func wantKeys(t *testing.T, l *lab.Lab, want int64) {
	t.Helper()
	for _, m := range l.Nodes() {
		if got, _, err := l.CountKeys(t.Context(), m.Name()); err != nil || got != want {
			t.Errorf("%s has %d keys (%v), want %d", m.Name(), got, err, want)
		}
	}
}

// importID is how a master of the lab is imported.
func importID(m lab.Identity) string {
	return fmt.Sprintf(
		"%s=%s:%d,kubelet_config=%s,work_dir=%s",
		m.Name(),
		m.Host(),
		m.Port(),
		m.Inside("/var/lib/kubelet/config.yaml"),
		m.Inside("/var/lib/etcdrecovery"),
	)
}
