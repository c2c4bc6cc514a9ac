package recovery

import (
	"fmt"
	"strings"
)

// manager is a controller that looks after masters, and may do so in the middle of a recovery.
type manager struct {
	name string
	sign string // the path that tells it
	mark string // a word in etcd's manifest that tells it as well
	does string
	stop string // how it is kept from that
}

// managers are those that are told by what is on a master. The file of Cluster API is in memory: after a reboot it is
// gone, and nothing on the disk tells of it then.
func managers() []manager {
	return []manager{
		{
			name: "Cluster API",
			sign: "/run/cluster-api/bootstrap-success.complete",
			does: "can delete a master that looks unhealthy and make a new one in its place",
			stop: "pause the cluster before, on the management cluster: kubectl patch cluster NAME --type merge " +
				`-p '{"spec":{"paused":true}}'. MachineHealthChecks heed that, too. ` +
				"Take it back when all members are there",
		},
		{
			name: "Deckhouse",
			sign: "/etc/kubernetes/deckhouse",
			mark: "control-plane-manager.deckhouse.io/",
			does: "has a control-plane-manager that writes etcd's manifest where it finds none, and so can start " +
				"what is stopped here. It acts while an API server answers",
			stop: "keep it from that meanwhile, as by disabling its module (d8 system module disable " +
				"control-plane-manager) as soon as an API server answers; to halt there, apply the seed alone first " +
				"(-target). " +
				"Enable it again when all members are there",
		},
	}
}

// managersOf says of each controller what to do before masters are changed.
func managersOf(list ...Evidence) []string {
	var all []string
	for _, m := range managers() {
		var masters []string
		for _, e := range list {
			if len(e.seen(m.sign)) > 0 || m.mark != "" && strings.Contains(e.Manifest, m.mark) {
				masters = append(masters, e.Name)
			}
		}
		if masters != nil {
			all = append(all, fmt.Sprintf("%s looks after %s, and %s: %s.", m.name, words(masters), m.does, m.stop))
		}
	}
	return all
}
