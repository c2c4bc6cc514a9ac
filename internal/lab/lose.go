//go:build linux

package lab

// Lose takes the power and all etcd data of nodes, and switches them on again.
//
// A wiped etcd that starts with its old manifest asks its peers first, hears that it has been bootstrapped already, and
// ends. Where they do not answer in time, as on a machine with too much to do, it founds its place anew under its old
// ID, and with the survivor that can be a quorum. A simulated node does not leave that to chance: its etcd ends at once
// until its manifest gives it another command line or environment, or LetStart. Where the founding is the subject, use
// PowerOff, WipeEtcd and PowerOn.
func (l *Lab) Lose(nodes ...Node) error {
	for _, n := range nodes {
		n.PowerOff()
	}
	for _, n := range nodes {
		if err := n.WipeEtcd(); err != nil {
			return err
		}
	}
	// It ends on empty folders, where it leaves some of its own, as that of a member that finds no cluster does.
	l.failEtcd(nodes, "--initial-cluster=nobody=http://127.0.0.1:1")
	for _, n := range nodes {
		if err := n.PowerOn(); err != nil {
			return err
		}
	}
	return nil
}

// KeepDown lets etcd end at once on simulated nodes, from its next start on, until their manifests give it another
// command line or environment, or LetStart. It does not get at its data.
func (l *Lab) KeepDown(nodes ...Node) { l.failEtcd(nodes, "--heartbeat-interval=0") }

// LetStart undoes KeepDown and lets etcd start on nodes whose data Lose has taken, with the manifest that they have.
func (l *Lab) LetStart(nodes ...Node) { l.failEtcd(nodes) }

func (l *Lab) failEtcd(nodes []Node, fault ...string) {
	for _, n := range nodes {
		if s, ok := n.(*simulatedNode); ok {
			s.kubelet.FailEtcd(fault...)
		}
	}
}

// CutPeers takes simulated nodes out of the traffic between nodes, as CutOff does, and leaves SSH from outside alone.
// Reconnect undoes it.
func (l *Lab) CutPeers(nodes ...Node) {
	for _, n := range nodes {
		if s, ok := n.(*simulatedNode); ok {
			s.lab.partition.set(s, true)
		}
	}
}
