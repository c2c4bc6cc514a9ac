//go:build linux

package executor_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

const rancher = "/var/lib/rancher/"

// withRancher is a simulated node that has a folder of its own where all of them would see the machine's.
type withRancher struct {
	node.Runner
	folder string
}

func (w withRancher) Run(ctx context.Context, script string) ([]byte, error) {
	out, err := w.Runner.Run(ctx, strings.ReplaceAll(script, rancher, w.folder))
	return bytes.ReplaceAll(out, []byte(w.folder), []byte(rancher)), err
}

// TestAnotherDistribution surveys masters on which K3s runs, or has run.
func TestAnotherDistribution(t *testing.T) {
	l := start(t, lab.Options{Nodes: 1})
	m1 := l.Node("m1")
	must(t, os.MkdirAll(m1.Path(rancher+"k3s/server/db/etcd"), 0o700))
	c := ssh.New(*sshOf(l, m1), nil)
	t.Cleanup(func() { _ = c.Close() })
	nodes := map[string]*node.Node{
		"m1": node.New(
			node.Settings{
				Name:          "m1",
				KubeletConfig: m1.Inside(node.DefaultKubeletConfig),
				WorkDir:       m1.Inside(node.DefaultWorkDir),
			},
			withRancher{c, m1.Inside(rancher) + "/"},
		),
	}
	refused := func(words ...string) {
		t.Helper()
		before := trees(t, l)
		all := survey.Take(t.Context(), nodes, time.Now())
		words = append(words, rancher+"k3s/server/db/etcd", "k3s server --cluster-reset")
		_, err := planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test"})
		wantRefusal(t, err, recovery.CodeManagedElsewhere, words[len(words)-2:]...)
		_, err = planner.DecideMember(all.Node("m1"), recovery.Cluster{ID: "1"}, false)
		wantRefusal(t, err, recovery.CodeManagedElsewhere, words[len(words)-2:]...)
		report := planner.Report(all, nil)
		for _, w := range words {
			if !strings.Contains(report, w) {
				t.Errorf("the report does not say %q:\n%s", w, report)
			}
		}
		if after := trees(t, l); after != before {
			t.Errorf("the master was touched: %s, before: %s", after, before)
		}
	}

	must(t, l.WaitHealthy(t.Context()))
	if e := survey.Take(t.Context(), nodes, time.Now()).Node("m1"); !e.Quorum || len(e.Problems) > 0 ||
		len(e.Signs) != 1 {
		t.Errorf("a left-over is in the way: %+v", e)
	}
	defer tamper(t, m1, manifestFile, func([]byte) []byte { return nil })()
	refused("no file in " + m1.Inside("/etc/kubernetes/manifests") + " is an etcd static pod")

	defer tamper(t, m1, node.DefaultKubeletConfig, replace("staticPodPath:", "podPath:"))()
	refused("no static pod folder", "no staticPodPath in")
}
