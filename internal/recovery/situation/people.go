package situation

import (
	"slices"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// restore makes a cluster of a snapshot, on purpose: what came after it is given up. Of several that each do so by
// itself, with the defaults, all become the same member of one cluster (kubeadm#2641).
func restore(w *world, m *machine, e event) {
	if w.snapshot == nil || m.power != on || m.unmounted != nil || m.bare {
		return
	}
	m.stop(0)
	cluster, id := w.id(), w.id()
	if e.verb == "each" {
		if w.restored[0] == 0 {
			w.restored = [2]etcd.ID{cluster, id}
		}
		cluster, id = w.restored[0], w.restored[1]
	}
	w.alone(m, cluster, id, w.snapshot)
	w.excuse(m.disk.tip)
}

// refound lets a machine without data found a cluster of its own.
func refound(w *world, m *machine, _ event) {
	if m.power != on || m.running || m.disk != nil || m.manifest != inPlace {
		return
	}
	cluster, id := w.foundedBy(m)
	if cluster == 0 {
		cluster, id = w.id(), w.id()
	}
	w.alone(m, cluster, id, nil)
}

// foundedBy is the cluster that a machine has founded alone, with its own ID there; 0 where there is none. Both IDs are
// hashes of its URL and the token, and come again when it does so again.
func (w *world) foundedBy(m *machine) (cluster, id etcd.ID) {
	for _, x := range w.machines {
		for _, d := range []*data{x.disk, x.unmounted} {
			if d == nil {
				continue
			}
			root := d.tip.at(0)
			if root.before == nil && len(root.members) == 1 && root.members[0].Name == m.name &&
				slices.Contains(root.members[0].PeerURLs, m.url()) {
				return root.cluster, root.members[0].ID
			}
		}
	}
	return 0, 0
}

// alone starts a cluster of one.
func (w *world) alone(m *machine, cluster, id etcd.ID, past *entry) {
	root := w.root(cluster, past, []etcd.Member{m.self(id)})
	m.disk = &data{tip: root, commit: root.index, applied: root.index, member: id}
	m.initial = root.members
	w.start(m)
}

// anew lets wiped machines of the first members found their cluster once more, under the same IDs.
func anew(w *world, m *machine, e event) {
	o := w.find(e.with)
	if o == nil || o == m {
		return
	}
	for _, x := range []*machine{m, o} {
		if x.power != on || x.running || x.disk != nil || x.manifest != inPlace || len(x.initial) != 3 {
			return
		}
	}
	var cluster etcd.ID
	for _, x := range w.machines {
		if d := x.whole(); d != nil && slices.EqualFunc(x.initial, m.initial, sameMember) {
			cluster = d.tip.cluster
		}
	}
	if cluster == 0 || !slices.EqualFunc(m.initial, o.initial, sameMember) {
		return
	}
	root := w.root(cluster, nil, m.initial)
	for _, x := range []*machine{m, o} {
		// etcd wants its own URL in the list.
		i := slices.IndexFunc(m.initial, func(s etcd.Member) bool {
			return s.Name == x.name && slices.Contains(s.PeerURLs, x.url())
		})
		if i < 0 {
			return
		}
		x.disk = &data{tip: root, commit: root.index, applied: root.index, member: m.initial[i].ID}
		w.start(x)
	}
}

func sameMember(a, b etcd.Member) bool { return a.ID == b.ID }

// forceByHand is what somebody does at three in the morning, who takes the flag out afterwards, or not.
func forceByHand(w *world, m *machine, e event) {
	if m.power != on || m.disk == nil || m.unmounted != nil || m.disk.damaged || m.kubeletDown ||
		m.manifest == missing {
		return
	}
	if leader := w.leaderOf(m); leader != nil { // nobody does that to a cluster that works
		return
	}
	m.stop(0)
	if !w.force(m) {
		return
	}
	m.manifest = inPlace
	if e.verb == "flag" {
		m.manifest = forcedByHand
	}
	m.wontStart, m.running, m.flag, m.leader, m.full = false, true, e.verb == "flag", 0, false
	w.excuse(m.disk.tip)
}

func (w *world) time() time.Time {
	return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(w.clock) * time.Hour)
}
