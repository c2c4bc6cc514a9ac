package situation

import (
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// checkLiving holds the recovery against the clusters that live before it begins.
func (f *forcing) checkLiving() {
	if !f.watched {
		return
	}
	for _, leader := range f.w.leaders() {
		group := f.w.group(leader)
		var stays []*machine
		given := true
		for _, o := range group {
			stopped := o == f.seed || slices.Contains(f.others, o)
			if !stopped {
				stays = append(stays, o)
			}
			given = given && (slices.Contains(f.less, o.key) || slices.Contains(f.lost, o.key))
		}
		alone := len(group) == 1 && group[0] == f.seed && leader.disk.tip.voters() == 1
		if f.journal().Reached(recovery.PhaseUnforced) {
			continue // nothing is stopped any more
		}
		worthless := f.seed.disk != nil && leader.disk.tip.cluster != f.seed.disk.tip.cluster &&
			len(f.w.acknowledged(leader.disk.tip, f.seed.disk.tip)) == 0
		if countVoters(leader.disk.tip, stays) <= leader.disk.tip.voters()/2 && !alone && !given && !worthless {
			f.breaks(keepsQuorum, "stops-living", "the cluster %s, which %s leads, is stopped for a forced start of %s",
				leader.disk.tip.cluster, leader.name, f.seed.name)
		}
	}
}

// checkForced holds a forced start against the truth, at the moment before it.
func (f *forcing) checkForced() {
	if !f.watched {
		return
	}
	w, seed := f.w, f.seed
	d := seed.disk
	// Nothing is rewritten that was not copied.
	copied := slices.ContainsFunc(seed.copies, func(c keptData) bool {
		if c.place != f.oldData || c.member != d.member {
			return false
		}
		// A cluster of one that has grown from the copy loses nothing by another forced start.
		grown := len(d.tip.members) == 1 && d.tip.has(c.kept(seed.forgets()))
		return grown || len(w.acknowledged(d.tip, c.tip)) == 0
	})
	if !copied {
		f.breaks(wholeCopy, "no-copy", "%s is forced, and what it has is not in %s", seed.name, f.oldData)
	}
	// Everybody is stopped, switched off or given up.
	known := w.visible(d)
	voters := 0
	var startable []*data
	if known != nil {
		for _, v := range known.members {
			for _, o := range w.holders(v, d) {
				unseen := o.manifest == missing && slices.Contains(f.less, o.key)
				drifted := o.whole() != nil && o.whole().missing > 0 // it has another past than its log says
				if !v.Learner && !unseen && !drifted && !f.given(o, v) {
					voters++
					startable = append(startable, o.whole())
				}
				sought := o.key != "" || slices.Contains(v.PeerURLs, o.url()) && f.heard(o, v.ID)
				if o != seed && sought && !f.given(o, v) && !f.stopped(o) {
					f.breaks(oneCluster, "unaccounted", "%s is forced, and nobody has asked after %s at %s",
						seed.name, o.name, o.url())
				}
			}
		}
		alone := len(known.members) == 1 && known.members[0].ID == d.member ||
			len(d.kept(seed.forgets()).members) == 1 // it was forced before, and may not know it yet
		next := d.kept(seed.forgets())
		loses := slices.ContainsFunc(startable, func(o *data) bool { return len(w.acknowledged(o.tip, next)) > 0 })
		if voters > known.voters()/2 && !alone && canElect(startable) &&
			(loses || len(f.less)+len(f.abandoned) == 0) {
			f.breaks(noLostWrite, "startable", "%s is forced, and %d of %d voters have their data", seed.name, voters,
				known.voters())
		}
	}
	// No node that could be reached has more, unless that is given up by name.
	next := d.kept(seed.forgets())
	for _, o := range w.machines {
		has := o.whole()
		if o == seed || has == nil || o.key == "" || slices.Contains(f.lost, o.key) || slices.Contains(f.less, o.key) {
			continue
		}
		kept := has.kept(o.forgets())
		more := f.notGivenUp(w.acknowledged(kept, next))
		switch {
		case int64(len(more)) <= has.missing: // its database lacks them
		case kept.cluster == next.cluster:
			f.breaks(noLostWrite, "others-have-more", "%s is forced, and %s has %d acknowledged writes more",
				seed.name, o.name, len(more))
		case kept.revision > next.revision:
			f.breaks(noLostWrite, "longer-lineage", "%s is forced, and %s has %d acknowledged writes of cluster %s",
				seed.name, o.name, len(more), kept.cluster)
		}
	}
}

// canElect reports whether one of several members gets enough votes, by the members that it knows to be committed.
func canElect(all []*data) bool {
	return slices.ContainsFunc(all, func(d *data) bool {
		conf := d.tip.at(max(d.commit, d.applied))
		votes := 0
		for _, o := range all {
			if conf.votes(o.member) && d.tip.further(o.tip) >= 0 {
				votes++
			}
		}
		return votes > conf.voters()/2
	})
}

// heard reports whether a node that is stopped for the recovery, or its seed, hears a machine. Of one that nobody hears
// nothing is known, where another one has the data of its member.
func (f *forcing) heard(o *machine, id etcd.ID) bool {
	twin := false
	for _, m := range f.w.machines {
		twin = twin || m != o && m.key != "" && m.disk != nil && m.disk.member == id
	}
	return !twin || slices.ContainsFunc(append(f.others, f.seed), func(m *machine) bool { return hears(m, o) })
}

// notGivenUp leaves out writes that a node has which is given up by its name.
func (f *forcing) notGivenUp(writes []*entry) []*entry {
	return slices.DeleteFunc(writes, func(e *entry) bool {
		return slices.ContainsFunc(f.w.machines, func(m *machine) bool {
			d := m.whole()
			return d != nil && slices.Contains(f.less, m.key) && d.tip.has(e)
		})
	})
}

// given reports whether a machine was given up by its name, or as a member by ID or URL.
func (f *forcing) given(o *machine, v etcd.Member) bool {
	return o.key != "" && slices.Contains(f.lost, o.key) || slices.ContainsFunc(f.lost, func(name string) bool {
		m := f.w.find(name)
		return name == v.ID.String() || slices.Contains(v.PeerURLs, name) ||
			m != nil && m.key == name && slices.Contains(v.PeerURLs, m.url())
	})
}

// stopped reports whether a machine is one of those that the recovery has stopped.
func (f *forcing) stopped(o *machine) bool { return slices.Contains(f.others, o) && !o.running }

// visible is the furthest membership of a history that a survey could see.
func (w *world) visible(seed *data) *entry {
	var best *entry
	for _, m := range w.machines {
		if m.key == "" || m.disk == nil || m.disk.damaged || m.disk.tip.cluster != seed.tip.cluster {
			continue
		}
		if reach, _, _ := m.reach(); reach != recovery.Reached {
			continue
		}
		e := m.disk.tip.at(m.disk.applied)
		if !seed.tip.has(e) && !e.has(seed.tip.at(min(seed.commit, seed.applied))) {
			continue // a history of its own, with the same ID
		}
		if best == nil || e.further(best) > 0 {
			best = e
		}
	}
	return best
}

// holders are the machines that have, or could have, what etcd needs to be that member of the seed's cluster. One that
// was forced has thrown the seed out, and one that was founded anew has committed something else.
func (w *world) holders(v etcd.Member, seed *data) []*machine {
	var all []*machine
	for _, m := range w.machines {
		d := m.whole()
		if d != nil && d.missing == 0 && d.member == v.ID && d.tip.at(0) == seed.tip.at(0) &&
			d.tip.member(seed.member) != nil && d.committedAs(seed) {
			all = append(all, m)
		}
	}
	return all
}

// committedAs reports whether what two members have committed can be of one history.
func (d *data) committedAs(o *data) bool {
	a, b := d.tip.at(max(d.commit, d.applied)), o.tip.at(max(o.commit, o.applied))
	return a.has(b) || b.has(a)
}
