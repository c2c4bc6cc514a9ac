package recovery

// manager is a controller that looks after masters, and may do so in the middle of a recovery.
type manager struct {
	Name string
	Sign string // the path that tells it
	Mark string // a word in etcd's manifest that tells it as well
	Does string
	Stop string // how it is kept from that
}

// Managers are those that are told by what is on a master. The file of Cluster API is in memory: after a reboot it is
// gone, and nothing on the disk tells of it then.
func Managers() []manager {
	return []manager{
		{
			Name: "Cluster API",
			Sign: "/run/cluster-api/bootstrap-success.complete",
			Does: "can delete a master that looks unhealthy and make a new one in its place",
			Stop: "pause the cluster before, on the management cluster: kubectl patch cluster NAME --type merge " +
				`-p '{"spec":{"paused":true}}'. MachineHealthChecks heed that, too. ` +
				"Take it back when all members are there",
		},
		{
			Name: "Deckhouse",
			Sign: "/etc/kubernetes/deckhouse",
			Mark: "control-plane-manager.deckhouse.io/",
			Does: "has a control-plane-manager that writes etcd's manifest where it finds none, and so can start " +
				"what is stopped here. It acts while an API server answers",
			Stop: "keep it from that meanwhile, as by disabling its module (d8 system module disable " +
				"control-plane-manager) as soon as an API server answers; to halt there, apply the seed alone first " +
				"(-target). " +
				"Enable it again when all members are there",
		},
	}
}
