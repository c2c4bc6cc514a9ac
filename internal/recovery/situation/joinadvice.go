package situation

import (
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// correctAllURLs does so in each cluster of which a node is surveyed.
func (o *operator) correctAllURLs() {
	for _, l := range o.leaders() {
		if slices.ContainsFunc(o.group(l), func(m *machine) bool { return m.key != "" }) {
			o.correctURLs(l)
		}
	}
}

// correctURLs writes into a cluster where its members are.
func (o *operator) correctURLs(leader *machine) {
	o.commit(leader, false, nil, func(e *entry) {
		e.members = slices.Clone(e.members)
		for i := range e.members {
			for _, m := range o.machines {
				if m.running && m.disk.member == e.members[i].ID {
					e.members[i].PeerURLs = []string{m.url()}
				}
			}
		}
	})
}

// retire switches the machine of a member off whose place another one takes.
func (o *operator) retire(x etcd.Member, successor *machine) {
	for _, m := range o.machines {
		if m != successor && m.disk != nil && m.disk.member == x.ID && m.name == successor.name {
			m.stop(0)
			m.power, m.key, m.disk, m.unmounted = destroyed, "", nil, nil
		}
	}
	o.settle()
}

// memberAdvised does what the refusal of a join advises; false where the cluster has to be looked at as a whole again.
func (o *operator) memberAdvised(code recovery.Code, m *machine, s recovery.Survey, cluster etcd.ID) bool {
	switch code {
	case recovery.CodeUnreachable, recovery.CodeAccessRefused:
		o.bringBack(m)
	case recovery.CodePeersOutOfReach:
		for _, x := range o.machines {
			x.cut = false
		}
		o.settle()
		o.correctAllURLs()
	case recovery.CodeNodeNotReady, recovery.CodeManagedElsewhere, recovery.CodeDataUnknown:
		m.elsewhere = false
		o.makeReady(m)
		o.settle()
	case recovery.CodeKubeletDown:
		m.kubeletDown = false
		o.start(m)
		o.settle()
	case recovery.CodeManifestNotEditable:
		m.manifest = inPlace
	case recovery.CodeMemberTwice:
		o.chooseTwin()
		return false
	case recovery.CodeClusterBehind:
		o.putAside(s)
		return false
	case recovery.CodePlaceTaken, recovery.CodeBehindAnotherJoin:
		for _, l := range o.leaders() {
			if l.disk == nil || l.disk.tip.cluster != cluster {
				continue
			}
			for _, x := range l.disk.tip.members {
				same := x.Name == m.name || slices.Contains(x.PeerURLs, m.url())
				if l.disk == nil {
					break // it was retired itself
				}
				if code == recovery.CodePlaceTaken && same || code == recovery.CodeBehindAnotherJoin && x.Name == "" {
					o.removeMember(l, x.ID)
					if tip := tipOf(l); tip == nil || tip.member(x.ID) == nil {
						o.retire(x, m)
					} else if x.Name == m.name && code == recovery.CodePlaceTaken {
						m.name += "b" // beside the one that works
					}
				}
			}
		}
	case recovery.CodeNoQuorum, recovery.CodeOtherCluster, recovery.CodeAlarm:
		return false
	default:
		o.breaks(wellFormed, "unknown-code-"+string(code), "the model has no operator for it")
		return false
	}
	return true
}
