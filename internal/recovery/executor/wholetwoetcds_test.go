//go:build linux && whole

package executor_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/labtest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// TestTwoEtcds recovers one etcd on a node that runs another one, in a container of the same name and a pod whose name
// begins in the same way. The other one runs on.
func TestTwoEtcds(t *testing.T) {
	l := start(t, lab.Options{})
	m1 := l.Node("m1")
	own, err := os.ReadFile(m1.Path(manifestFile))
	must(t, err)
	port := regexp.MustCompile(`:(2379|2380|2381)\b`)
	events := port.ReplaceAllStringFunc(string(own), func(p string) string { return ":1" + p[1:] })
	events = strings.ReplaceAll(events, "port: 2381", "port: 12381")
	events = strings.ReplaceAll(events, "/var/lib/etcd", "/var/lib/etcd-events")
	events = strings.Replace(events, "\n  name: etcd\n", "\n  name: etcd-events\n", 1)
	events = regexp.MustCompile(`--initial-cluster=.*(m1=[^,\n]*).*`).ReplaceAllString(events, "--initial-cluster=$1")
	beside := filepath.Join(filepath.Dir(m1.Path(manifestFile)), "etcd-events.yaml")
	must(t, os.WriteFile(beside, []byte(events), 0o600))
	other := func() []int {
		var pids []int
		for i, command := range m1.EtcdCommands() {
			if strings.Contains(command, "etcd-events") {
				pids = append(pids, m1.EtcdPIDs()[i])
			}
		}
		return pids
	}
	labtest.Within(t, "the other etcd", func() bool { return len(other()) > 0 })
	before := other()
	loseMajority(t, l)
	nodes := nodesOf(t, l)
	_, err = planner.DecideSeed(survey.Take(t.Context(), nodes, time.Now()), planner.SeedRequest{RecoveryID: "test"})
	if err == nil || !strings.Contains(err.Error(), "set manifest for this node") {
		t.Errorf("of two etcds one is recovered: %v", err)
	}
	c := ssh.New(*sshOf(l, m1), nil)
	t.Cleanup(func() { _ = c.Close() })
	nodes["m1"] = node.New(node.Settings{
		Name: "m1", Manifest: "etcd.yaml",
		KubeletConfig: m1.Inside(node.DefaultKubeletConfig), WorkDir: m1.Inside(node.DefaultWorkDir),
	}, c)
	all := survey.Take(t.Context(), nodes, time.Now())
	p, err := planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test"})
	must(t, err)
	_, err = executor.Seed(t.Context(), p, nodes, options(t))
	must(t, err)
	if after := other(); !slices.Equal(after, before) {
		t.Errorf("the other etcd was %v, and is %v", before, after)
	}
	if text, err := os.ReadFile(beside); err != nil || string(text) != events {
		t.Errorf("its manifest was changed: %v", err)
	}
}
