//go:build linux

package situation

import (
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// serving has the last leader of each machine since its etcd was started. It is what the model leaves out: until etcd
// has had a leader it answers no client, and a learner never notices that its leader is gone.
type serving map[string]etcd.ID

// after notes who serves after an event.
func (s serving) after(before, w *world) {
	for _, m := range w.machines {
		old := before.find(m.name)
		switch {
		case !m.running:
			s[m.name] = 0
		case m.leader != 0:
			s[m.name] = m.leader
		case old == nil || !old.running:
			s[m.name] = 0
		}
	}
}

// look is the survey of a world in which the data is read of a member that does not serve.
func (s serving) look(w *world, t texts) recovery.Survey {
	dumb := w.clone()
	for _, m := range dumb.machines {
		m.running = m.running && s[m.name] != 0
		if m.running && m.isLearner() {
			m.leader = s[m.name]
		}
	}
	all := dumb.look(t)
	for i := range all {
		e := &all[i]
		if e.Reach != recovery.Reached {
			continue
		}
		m := w.find(e.Name)
		if e.Running = m.running; m.running && s[m.name] == 0 {
			e.StatusError = "context deadline exceeded"
		}
		for k := range e.Peers {
			o := w.at(addrOf(e.Peers[k].URL))
			e.Peers[k].Answers = o != nil && o.running && hears(m, o)
		}
	}
	return all
}

func (m *machine) isLearner() bool {
	own := m.disk.tip.member(m.disk.member)
	return own != nil && own.Learner
}
