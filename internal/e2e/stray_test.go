//go:build linux && e2e

package e2e_test

import (
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// foundedBeside has m2 and m3 found the cluster anew, with its old IDs, while the manifest of m1 is away and nobody
// reads what m1 has. What the refusal advises tells that m1 has more. It leaves m2 and m3 as it found them: stopped and
// wiped.
func foundedBeside(t *testing.T, l *lab.Lab, look func() recovery.Survey) {
	const (
		manifest = "/etc/kubernetes/manifests/etcd.yaml"
		aside    = "/root/etcd.yaml"
		parked   = "/var/lib/etcdrecovery/parked/etcd.yaml"
	)
	m1, wiped := l.Node("m1"), l.Nodes()[1:]
	command(t, m1, "mv", manifest, aside)
	until(t, "the end of etcd on m1", time.Minute, func() bool { return len(m1.EtcdPIDs()) == 0 })
	for _, m := range wiped {
		m.KubeletStart()
	}
	var all recovery.Survey
	until(t, "a cluster founded anew", 2*time.Minute, func() bool {
		all = look()
		return all.Node("m2").Quorum && all.Node("m3").Quorum
	})
	untouched(t, l, func() {
		unread := []string{
			"m1: there is data in /var/lib/etcd, and no etcd manifest says whose",
			"put etcd's manifest into " + parked,
		}
		for _, seed := range []string{"", "m1", "m2"} {
			_, err := planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test", Node: seed})
			refusedAs(t, err, recovery.CodeDataUnknown, unread...)
			refusedAs(t, err, recovery.CodeDataUnknown,
				"alive: a quorum of 3 voters answers (m2, m3); what m1 has is not known")
		}
		_, err := planner.DecideMember(all.Node("m1"), recovery.Cluster{}, false)
		refusedAs(t, err, recovery.CodeDataUnknown, unread...)
	})
	command(t, m1, "mkdir", "-p", "/var/lib/etcdrecovery/parked")
	command(t, m1, "mv", aside, parked)
	all = look()
	_, err := planner.DecideSeed(all, planner.SeedRequest{RecoveryID: "test"})
	refusedAs(t, err, recovery.CodeClusterBehind, "data on m1 that it never had")
	for _, m := range wiped {
		m.KubeletStop()
		must(t, m.WipeEtcd())
	}
	command(t, m1, "mv", parked, manifest)
	until(t, "the etcd of m1", time.Minute, func() bool { return len(m1.EtcdPIDs()) == 1 })
}
