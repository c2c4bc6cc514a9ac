package situation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// recovered holds the end against the rules.
func (o *operator) recovered(cluster etcd.ID) bool {
	s := o.look(o.texts)
	live := recovery.LiveOf(s)
	if live == nil || live.ClusterID != cluster {
		return false
	}
	var leader *machine
	seen := slices.DeleteFunc(o.leaders(), func(l *machine) bool {
		return !slices.ContainsFunc(o.group(l), func(m *machine) bool { return m.key != "" })
	})
	for _, l := range seen {
		if l.disk.tip.cluster == cluster {
			leader = l
		}
	}
	for _, e := range s {
		m := o.find(e.Name)
		if m.power == destroyed || e.Reach != recovery.Reached {
			continue
		}
		plan, err := planner.DecideMember(e, recovery.Cluster{ID: cluster.String()}, o.anyOrder)
		if err != nil || !plan.Healthy {
			o.breaks(truthful, "second-plan", "%s has joined, and a second plan is not empty: %v", e.Name, err)
			return true
		}
		if m.flag || m.manifest == forcedByHand || m.manifest == forcedByUs {
			o.breaks(noFlag, "at-the-end", "%s has the flag", e.Name)
			return true
		}
	}
	for _, m := range o.machines {
		for _, d := range []*data{m.disk, m.unmounted} {
			if d == nil || d.damaged || m.key == "" || m.power == destroyed {
				continue
			}
			if more := o.acknowledged(d.kept(m.forgets()), leader.disk.tip); len(more) > 0 {
				o.breaks(noLostWrite, "in-the-end", "the cluster is recovered without %d acknowledged writes of %s",
					len(more), m.name)
				return true
			}
		}
	}
	for _, l := range seen { // nobody can know of others
		if l != leader && l.disk.tip.cluster == cluster {
			o.breaks(oneCluster, "same-id", "%s and %s both lead cluster %s", leader.name, l.name, cluster)
			return true
		}
	}
	o.ended = "recovered"
	o.tally["ended: recovered"]++
	return true
}

// checkAlive holds a cluster that is plainly said to be alive against the truth: no node that was examined has writes
// that it never had, unless that is told.
func (o *operator) checkAlive(told string) {
	o.checkPlain("plainly-alive", told, o.leaders())
}

// checkStartable holds it against the truth that a cluster comes back with every write when some nodes are started.
func (o *operator) checkStartable(told string) {
	var group []*machine
	_, names, _ := strings.Cut(told, "voters (")
	names, _, _ = strings.Cut(names, ")")
	for _, name := range strings.Split(names, ", ") {
		if m := o.find(name); m != nil && m.disk != nil {
			group = append(group, m)
		}
	}
	o.checkPlain("plainly-startable", told, group)
}

// checkPlain wants what any node has that was examined to be in one of some others, or told.
func (o *operator) checkPlain(kind, told string, group []*machine) {
	_, told, _ = strings.Cut(told, "; ")

	for _, m := range o.machines {
		d := m.whole()
		reach, _, _ := m.reach()
		if d == nil || m.key == "" || reach != recovery.Reached || strings.Contains(told, m.key) {
			continue
		}
		kept := d.kept(m.forgets())
		has := func(l *machine) bool { return len(o.acknowledged(kept, l.disk.tip)) == 0 }
		said := func(l *machine) bool { return l.disk != nil && l.key != "" && strings.Contains(told, l.key) && has(l) }
		if !slices.ContainsFunc(group, has) && !slices.ContainsFunc(o.machines, said) {
			o.lie(kind, "%s has writes of which that cluster knows nothing", m.name)
		}
	}
}

// checkLost holds what is said to be lost against the truth.
func (o *operator) checkLost(s recovery.Survey) {
	for _, e := range s {
		if e.Reach != recovery.Reached {
			continue
		}
		cluster, member := "", "" // of the state: what the node was
		m := o.find(e.Name)
		if d := m.whole(); d != nil {
			cluster, member = d.tip.cluster.String(), d.member.String()
		}
		_, lost, why := planner.Standing(e, cluster, member)
		if !lost {
			continue
		}
		if m.unmounted != nil && m.disk == nil && !o.expelled(m) {
			o.lie("unmounted-is-lost", "%s is said to be lost, and its disk is not mounted: %s", e.Name, why)
		}
		if l := o.leaderOf(m); l != nil && l.disk.tip.votes(m.disk.member) {
			o.lie("voter-is-lost", "%s is said to be lost, and votes: %s", e.Name, why)
		}
	}
}

// expelled reports whether a living cluster has no place any more for what is on a machine's disk.
func (o *operator) expelled(m *machine) bool {
	d := m.whole()
	return d != nil && slices.ContainsFunc(o.leaders(), func(l *machine) bool {
		return l.disk.tip.cluster == d.tip.cluster && l.disk.tip.member(d.member) == nil
	})
}

func (o *operator) lie(kind, format string, args ...any) {
	if !slices.ContainsFunc(o.lies, func(b *broken) bool { return b.kind == kind }) {
		o.lies = append(o.lies, &broken{truthful, kind, fmt.Sprintf(format, args...)})
	}
}
