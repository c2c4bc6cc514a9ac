package situation

import (
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// putAside decides between a cluster that answers and data that it never had.
func (o *operator) putAside(s recovery.Survey) {
	live := recovery.LiveOf(s)
	if live == nil {
		return
	}
	var leader *machine
	for _, l := range o.leaders() {
		if l.disk.tip.cluster == live.ClusterID {
			leader = l
		}
	}
	if leader == nil {
		return
	}
	var ahead *machine
	for _, m := range o.machines {
		if m.disk == nil || m.disk.damaged || m.key == "" || slices.Contains(o.group(leader), m) {
			continue
		}
		if len(o.acknowledged(m.disk.tip, leader.disk.tip)) > 0 &&
			(ahead == nil || m.disk.tip.revision > ahead.disk.tip.revision) {
			ahead = m
		}
	}
	if ahead != nil && ahead.disk.tip.revision >= leader.disk.tip.revision { // it was founded by mistake
		for _, m := range o.group(leader) {
			m.stop(0)
			m.park()
			o.forget(m, ahead.disk.tip)
		}
		o.req.Node = ahead.key
		return
	}
	for _, m := range o.machines { // it was made on purpose
		if m.key != "" && !slices.Contains(o.group(leader), m) {
			m.stop(0)
			o.forget(m, leader.disk.tip)
		}
	}
}

// forget moves data away by hand, and gives up what of it is not in a history.
func (o *operator) forget(m *machine, history *entry) {
	if m.disk == nil {
		return
	}
	for _, e := range o.acknowledged(m.disk.tip, history) {
		o.excused[e] = true
	}
	m.setAside()
}

// chooseOne ends a cluster whose members differ but for the one with the most writes.
func (o *operator) chooseOne() {
	var best *machine
	for _, m := range o.machines {
		if m.disk != nil && m.key != "" && (best == nil || m.writes() > best.writes()) {
			best = m
		}
	}
	if best == nil {
		return
	}
	for _, m := range o.machines {
		if m != best && m.key != "" {
			m.stop(0)
			m.park()
			o.forget(m, best.disk.tip)
		}
	}
	o.req.Node = best.key
}

// writes is the revision of a machine's database.
func (m *machine) writes() int64 { return m.disk.tip.revision - m.disk.missing }

// chooseTwin ends all but one of the nodes that claim the place of one member, or that serve one cluster apart.
func (o *operator) chooseTwin() {
	for _, a := range o.machines {
		for _, b := range o.machines {
			if a == b || a.key == "" || b.key == "" || a.disk == nil || b.disk == nil ||
				a.disk.tip.cluster != b.disk.tip.cluster {
				continue
			}
			apart := o.leaderOf(a) != nil && o.leaderOf(b) != nil && (o.leaderOf(a) != o.leaderOf(b) ||
				a.disk.tip.member(b.disk.member) == nil || b.disk.tip.member(a.disk.member) == nil)
			if a.disk.member != b.disk.member && !apart || a.disk.tip.revision < b.disk.tip.revision {
				continue
			}
			b.stop(0)
			b.park()
			o.forget(b, a.disk.tip)
			return
		}
	}
}

// decide puts right what is wrong with nodes, and then names the one with the data to keep.
func (o *operator) decide(s recovery.Survey) bool {
	repaired := false
	for _, e := range s {
		m := o.find(e.Name)
		if e.Reach != recovery.Reached {
			if m.power != destroyed && !slices.Contains(o.req.Lost, e.Name) {
				o.bringBack(m)
				repaired = true
			}
			continue
		}
		if len(e.Problems) > 0 || e.Running && m.expired || e.TooNew != "" {
			o.makeReady(m)
			if e.TooNew != "" {
				m.image = 2
			}
			repaired = true
		}
	}
	best := o.best()
	switch {
	case repaired:
	case best == nil: // nobody has anything
		return o.noData("")
	default:
		o.req.Node = best.key
	}
	o.settle()
	return false
}

// best is the node from which a forced start would keep the most writes that count.
func (o *operator) best() *machine {
	var best *machine
	most := -1
	for _, m := range o.machines {
		reach, _, _ := m.reach()
		if m.key == "" || m.disk == nil || m.disk.damaged || reach != recovery.Reached || o.unfit[m.key] {
			continue
		}
		kept := m.disk.kept(m.forgets())
		if n := len(o.acknowledged(kept, nil)); n > most && kept.votes(m.disk.member) {
			best, most = m, n
		}
	}
	return best
}

// others is met with a seed that keeps less than another one.
func (o *operator) others(r *recovery.Refusal, s recovery.Survey) bool {
	more := quotedIn(r.Next, "accept_less_than = [")
	repaired := false
	for _, name := range more {
		if e := s.Node(name); len(e.Problems) > 0 || e.TooNew != "" {
			m := o.find(name)
			o.makeReady(m)
			if e.TooNew != "" {
				m.image = 2
			}
			repaired = true
		}
	}
	better := quotedIn(r.Next, "plan again: node = ")
	own := o.req.Node == o.node && o.node != ""
	insists := own || o.taken[o.req.RecoveryID] || strings.HasPrefix(r.Next, "decide which") ||
		strings.Contains(r.Next, "can be kept only by")
	switch {
	case repaired:
	case strings.HasPrefix(r.Next, "nothing was forced yet"):
		o.newID()
	case strings.HasPrefix(r.Next, "the forced start on") && !own && !o.taken[o.req.RecoveryID]:
		o.abandon(o.req.RecoveryID)
	case strings.Contains(r.Next, "out of abandon") && !own && len(o.req.Abandon) > 0:
		o.req.RecoveryID, o.req.Node, o.req.Abandon = o.req.Abandon[0], "", nil
		o.taken[o.req.RecoveryID] = true
	case insists:
		o.req.Node, o.req.Less = quotedIn(r.Next, "what is given up: node = ")[0], more
	case len(better) > 0:
		o.req.Node = better[0]
	default:
		o.req.Node = ""
	}
	return false
}

// another takes another seed than the one that cannot be it.
func (o *operator) another(s recovery.Survey) bool {
	if o.req.Node != "" {
		o.unfit[o.req.Node] = true
		o.req.Node, o.req.Less = "", nil
		if _, _, err := planner.Choose(s, o.req.Lost); err == nil {
			return false
		}
	}
	repaired := false
	for _, e := range s {
		if e.Unknown.Data+e.StrayData != "" {
			o.makeReady(o.find(e.Name))
			repaired = true
		}
	}
	best := o.best()
	switch {
	case repaired:
	case best == nil:
		return o.noData("")
	default:
		o.req.Node = best.key
	}
	return false
}
