package situation

import (
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// hears reports whether two machines reach each other's etcd.
func hears(a, b *machine) bool { return a == b || !a.cut && !b.cut && a.power == on && b.power == on }

// listedAt reports whether the others look for a member at the address where it is.
func listedAt(e *entry, m *machine) bool {
	entry := e.member(m.disk.member)
	return entry != nil && slices.Contains(entry.PeerURLs, m.url())
}

// settle lets members that run find their leaders. One that was removed and hears of it stops.
func (w *world) settle() {
	for _, m := range w.machines {
		if m.running && !w.follows(m) {
			m.leader = 0
		}
		if m.running && w.toldRemoved(m) {
			m.running, m.flag, m.leader, m.lastWords = false, false, 0, removedWords
		}
	}
	var byLog []*machine
	for _, m := range w.machines {
		if m.running && m.leader == 0 {
			byLog = append(byLog, m)
		}
	}
	slices.SortStableFunc(byLog, func(a, b *machine) int { return b.disk.tip.further(a.disk.tip) })
	for _, m := range byLog {
		if m.running && m.leader == 0 {
			w.join(m)
		}
	}
	for _, m := range byLog {
		if m.running && m.leader == 0 {
			w.elect(m)
		}
	}
	for _, m := range w.machines { // what an election commits may take the quorum away again
		if m.running && m.leader != 0 {
			m.heard = m.leader
		}
		if m.running && !w.follows(m) {
			m.leader = 0
		}
	}
}

// toldRemoved reports whether another member tells a machine that its own was removed.
func (w *world) toldRemoved(m *machine) bool {
	return slices.ContainsFunc(w.machines, func(o *machine) bool { return o.running && tells(o, m) })
}

// tells reports whether a member would tell another one that it was removed, which each does that has heard of it.
func tells(o, m *machine) bool {
	return hears(m, o) && o.disk.tip.cluster == m.disk.tip.cluster && m.disk.tip.member(o.disk.member) != nil &&
		slices.Contains(o.disk.tip.at(o.disk.applied).removed, m.disk.member)
}

// twins reports whether another machine has the data of the same member.
func twins(w *world, m *machine) bool {
	return slices.ContainsFunc(w.machines, func(o *machine) bool {
		return o != m && o.disk != nil && o.disk.member == m.disk.member && o.disk.tip.cluster == m.disk.tip.cluster
	})
}

// follows reports whether a member still has the leader that it had, with a quorum.
func (w *world) follows(m *machine) bool {
	if m.leader == 0 || m.disk == nil {
		return false
	}
	group := w.group(m)
	return m.disk.tip.voters() > 0 && countVoters(m.disk.tip, group) > m.disk.tip.voters()/2 &&
		slices.ContainsFunc(group, func(o *machine) bool {
			return o.disk.member == m.leader && (o == m || o.disk.tip.member(m.disk.member) != nil)
		})
}

func countVoters(e *entry, group []*machine) int {
	n := 0
	for _, o := range group {
		if e.votes(o.disk.member) {
			n++
		}
	}
	return n
}

// group are the members under the same leader that a member hears, itself among them.
func (w *world) group(m *machine) []*machine {
	var all []*machine
	if m.leader == 0 || !m.running {
		return nil
	}
	for _, o := range w.machines {
		if o.running && o.disk.tip.cluster == m.disk.tip.cluster && o.leader == m.leader && hears(m, o) &&
			(o == m || speaks(m, o) && w.isMeant(m, o) && w.isMeant(o, m)) {
			all = append(all, o)
		}
	}
	return all
}

// isMeant reports whether a member that another one looks for is this one, where several claim to be it.
func (w *world) isMeant(by, o *machine) bool { return !twins(w, o) || listedAt(by.disk.tip, o) }

// speaks reports whether one of two members has the other in its list.
func speaks(a, b *machine) bool {
	return a.disk.member != b.disk.member &&
		(a.disk.tip.member(b.disk.member) != nil || b.disk.tip.member(a.disk.member) != nil)
}

// join lets a member follow a leader that is there.
func (w *world) join(m *machine) {
	for _, leader := range w.machines {
		if !leader.running || leader.leader == 0 || leader.leader != leader.disk.member || !hears(m, leader) ||
			leader.disk.tip.cluster != m.disk.tip.cluster || leader.disk.member == m.disk.member {
			continue
		}
		tip := leader.disk.tip
		if tip.member(m.disk.member) == nil && m.disk.tip.member(leader.disk.member) == nil {
			continue // neither speaks to the other
		}
		switch {
		case tip.member(m.disk.member) == nil:
			if leader.disk.tip.index >= m.disk.tip.index || slices.Contains(tip.removed, m.disk.member) {
				m.running, m.flag, m.lastWords = false, false, removedWords
			}
			return
		case m.disk.commit > tip.index:
			return
		case listedAt(tip, m):
			m.follow(leader)
			return
		}
	}
}

func (m *machine) follow(leader *machine) {
	m.leader = leader.disk.member
	m.disk = &data{
		tip: leader.disk.tip, commit: leader.disk.commit, applied: leader.disk.applied, member: m.disk.member,
	}
}

// elect makes a member the leader where enough voters take it for one.
func (w *world) elect(m *machine) {
	tip := m.disk.tip
	conf := tip.at(max(m.disk.commit, m.disk.applied)) // the members count that are known to be committed
	if !conf.votes(m.disk.member) {
		return
	}
	var heard []*machine
	voters, term := 0, tip.term
	for _, o := range w.machines {
		if !o.running || o.leader != 0 || o.disk.tip.cluster != tip.cluster || !hears(m, o) ||
			o != m && !listedAt(conf, o) || conf.member(o.disk.member) == nil {
			continue
		}
		heard = append(heard, o)
		term = max(term, o.disk.tip.term)
		if conf.votes(o.disk.member) && tip.further(o.disk.tip) >= 0 {
			voters++
		}
	}
	if voters <= conf.voters()/2 {
		return
	}
	next := w.grow(tip, term+1, nil)
	m.disk = &data{
		tip: next, commit: next.index, applied: next.index, member: m.disk.member, forced: m.disk.forced,
	}
	m.leader = m.disk.member
	for _, o := range heard {
		switch {
		case next.member(o.disk.member) == nil: // removed by what was not committed until now
			o.running, o.flag, o.leader, o.lastWords = false, false, 0, removedWords
		case o != m:
			o.follow(m)
		}
	}
	for _, o := range w.machines {
		if o.running && o.leader == 0 {
			w.join(o)
		}
	}
}

// leaderOf returns the machine that leads the cluster of a member, nil where none does.
func (w *world) leaderOf(m *machine) *machine {
	if m == nil || !m.running || m.leader == 0 {
		return nil
	}
	for _, o := range w.machines {
		if o.running && o.disk.member == m.leader && o.leader == m.leader &&
			o.disk.tip.cluster == m.disk.tip.cluster && (o == m || !twins(w, o) || listedAt(m.disk.tip, o)) {
			return o
		}
	}
	return nil
}

// leaders are the machines that lead a cluster with a quorum.
func (w *world) leaders() []*machine {
	var all []*machine
	for _, m := range w.machines {
		if m.running && m.leader != 0 && m.leader == m.disk.member {
			all = append(all, m)
		}
	}
	return all
}

// commit adds an entry to a living cluster. Those in slow do not have it yet.
func (w *world) commit(leader *machine, acked bool, slow *machine, change func(*entry)) *entry {
	e := w.grow(leader.disk.tip, leader.disk.tip.term, change)
	e.acked = acked
	leader.disk = &data{
		tip: e, commit: e.index, applied: e.index, member: leader.disk.member, forced: leader.disk.forced,
	}
	for _, o := range w.group(leader) {
		switch {
		case o == leader || o == slow && w.spares(leader, o):
		default:
			o.disk = &data{tip: e, commit: e.index, applied: e.index, member: o.disk.member}
			if e.member(o.disk.member) == nil { // which is the last that it hears
				o.running, o.flag, o.leader, o.lastWords = false, false, 0, removedWords
			}
		}
	}
	return e
}

// spares reports whether a quorum writes without a member.
func (w *world) spares(leader, m *machine) bool {
	group := slices.DeleteFunc(w.group(leader), func(o *machine) bool { return o == m })
	return countVoters(leader.disk.tip, group) > leader.disk.tip.voters()/2
}

// start runs etcd on a machine, if the kubelet does and etcd can.
func (w *world) start(m *machine) bool {
	if m.running {
		return true
	}
	if m.power != on || m.kubeletDown || m.manifest == parked || m.manifest == missing || m.wontStart ||
		m.disk == nil || m.disk.damaged || m.full {
		return false
	}
	if m.newer && strings.HasPrefix(images()[m.image].version, "3.5") {
		return false
	}
	if m.disk.tip.member(m.disk.member) == nil {
		m.lastWords = removedWords
		return false
	}
	flag := m.manifest == forcedByHand || m.manifest == forcedByUs
	if flag && !w.force(m) {
		return false
	}
	d := *m.disk // what is committed is applied before it serves; nothing is committed without a leader
	d.applied = max(d.commit, d.applied)
	if !m.forgets() {
		d.commit = d.applied
	}
	m.disk = &d
	m.running, m.flag, m.leader, m.heard, m.lastWords = true, flag, 0, 0, ""
	return true
}

// force does what a start with the flag does to the data; false where etcd panics.
func (w *world) force(m *machine) bool {
	tip := m.disk.kept(m.forgets())
	if !tip.votes(m.disk.member) {
		m.lastWords = "panic: removed all voters"
		return false
	}
	own := *tip.member(m.disk.member)
	next := w.grow(tip, tip.term+1, func(e *entry) {
		for _, o := range tip.members {
			if o.ID != own.ID {
				e.removed = append(slices.Clip(e.removed), o.ID)
			}
		}
		e.members = []etcd.Member{own}
	})
	m.disk = &data{tip: next, commit: next.index, applied: next.index, member: own.ID, forced: next.index}
	return true
}

// stop ends etcd in an orderly way, or with a loss of what was not written down.
func (m *machine) stop(lag uint64) {
	if !m.running {
		return
	}
	m.running, m.leader, m.flag = false, 0, false
	if lag == 0 {
		return
	}
	d := *m.disk
	first := d.tip.at(0).index
	d.commit = max(first, d.forced, d.commit-min(d.commit, lag/4))
	d.applied = max(first, d.applied-min(d.applied, lag%4))
	m.disk = &d
}

const removedWords = "the member has been permanently removed from the cluster"
