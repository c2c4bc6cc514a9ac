//go:build linux

package situation

import (
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// serving are the machines whose etcd has had a leader since it was started. Until then it answers no client, which the
// model leaves out: there each member that runs says how it is.
type serving map[string]bool

// after notes who serves after an event.
func (s serving) after(before, w *world) {
	for _, m := range w.machines {
		old := before.find(m.name)
		s[m.name] = m.running && (m.leader != 0 || s[m.name] && old != nil && old.running)
	}
}

// look is the survey of a world in which a member that does not serve is one whose data is read.
func (s serving) look(w *world, t texts) recovery.Survey {
	dumb := w.clone()
	for _, m := range dumb.machines {
		m.running = m.running && s[m.name]
	}
	all := dumb.look(t)
	for i := range all {
		e := &all[i]
		if e.Reach != recovery.Reached {
			continue
		}
		m := w.find(e.Name)
		if e.Running = m.running; m.running && !s[m.name] {
			e.StatusError = "context deadline exceeded"
		}
		for k := range e.Peers {
			o := w.at(addrOf(e.Peers[k].URL))
			e.Peers[k].Answers = o != nil && o.running && hears(m, o)
		}
	}
	return all
}
