//go:build linux && e2e

package e2e_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// touchable is what a refusal must leave alone.
var touchable = []string{"/etc/kubernetes", "/var/lib/kubelet/config.yaml", "/var/lib/etcdrecovery"}

// refuses plans in vain: the words are said, and nothing on any master is touched.
func refuses(t *testing.T, l *lab.Lab, plan func(code int) string, parts ...string) {
	t.Helper()
	untouched(t, l, func() { wants(t, plan(1), parts...) })
}

// untouched wants nothing on any master to be touched.
func untouched(t *testing.T, l *lab.Lab, do func()) {
	t.Helper()
	hashes := func() []string {
		var all []string
		for _, m := range l.Nodes() {
			h, err := m.TreeHash(touchable...)
			must(t, err)
			all = append(all, h)
		}
		return all
	}
	before := hashes()
	do()
	if !slices.Equal(hashes(), before) {
		t.Error("something was touched")
	}
}

// nodesOf are masters as the recovery knows them: all of the lab's, or those of these names.
func nodesOf(t *testing.T, l *lab.Lab, user string, names ...string) map[string]*node.Node {
	t.Helper()
	nodes := map[string]*node.Node{}
	for _, m := range l.Nodes() {
		if len(names) > 0 && !slices.Contains(names, m.Name()) {
			continue
		}
		c := ssh.New(ssh.Config{
			Host:           m.Host(),
			Port:           m.Port(),
			User:           user,
			PrivateKeyFile: l.SSHKeyFile(),
			HostKey:        m.HostKey(),
			Timeout:        10 * time.Second,
		}, nil)
		t.Cleanup(func() { _ = c.Close() })
		nodes[m.Name()] = node.New(node.Settings{Name: m.Name()}, c)
	}
	return nodes
}

// copied puts a copy of the manifest beside it, under another name.
func copied(t *testing.T, m lab.Identity, name string) (remove func()) {
	t.Helper()
	text, err := os.ReadFile(m.Path(manifest))
	must(t, err)
	return written(t, m, name, string(text))
}

// written puts a file into the kubelet's folder.
func written(t *testing.T, m lab.Identity, name, text string) (remove func()) {
	t.Helper()
	at := filepath.Join(filepath.Dir(m.Path(manifest)), name)
	must(t, os.WriteFile(at, []byte(text), 0o600))
	return func() { must(t, os.Remove(at)) }
}

// command runs one on a master.
func command(t *testing.T, m lab.Identity, args ...string) string {
	t.Helper()
	machine, ok := m.(lab.DebianNode)
	if !ok {
		t.Fatalf("%s is no machine", m.Name())
	}
	out, err := machine.Run(t.Context(), args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// until waits for something to come about.
func until(t *testing.T, what string, patience time.Duration, is func() bool) {
	t.Helper()
	labtest.Await(t, what, patience, 100*time.Millisecond, is)
}

// awaitFile waits until a file has this in it.
func awaitFile(ctx context.Context, path, part string) bool {
	return wait.Until(ctx, 5*time.Millisecond, func() error {
		text, err := os.ReadFile(path)
		if err == nil && !strings.Contains(string(text), part) {
			err = fmt.Errorf("%s is not in %s", part, path)
		}
		return err
	}) == nil
}

// joins tells whether a master has the manifest with which it joins.
func joins(m lab.Identity) bool {
	text, err := os.ReadFile(m.Path(manifest))
	return err == nil && strings.Contains(string(text), "--initial-cluster-state=existing")
}
