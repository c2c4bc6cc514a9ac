//go:build linux

package situation

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// practice is a world that the lab can carry out.
type practice struct {
	name   string
	events []event // the first one founds the cluster, and each of them does something
	minor  string  // of etcd
	nodes  int     // of which some may join later
}

func (p practice) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# world %s, etcd %s\n", p.name, p.minor)
	for _, e := range p.events {
		b.WriteString(e.String() + "\n")
	}
	return b.String()
}

// practices chooses worlds from a number on, so that each outcome that there is comes up as often as it can. A sample
// for a gate has small ones alone.
func practices(from uint64, count int) []practice {
	r := newRunner()
	byOutcome := map[string][]practice{}
	seen := map[string]bool{}
	for n := from; n < from+uint64(max(400, 20*count)); n++ {
		events, _ := worldOf(n)
		p, s, nameAt := r.practicable(n, events)
		if len(p.events) < 3 || count <= realSample && (p.nodes > 3 || len(p.events) > 9) {
			continue
		}
		shape := strings.Join(viewOf(s, nameAt), "\n")
		if seen[shape] {
			continue
		}
		seen[shape] = true
		req := requests(s)
		outcome := decision(r.texts.planner().DecideSeed(s, req[min(1, len(req)-1)]))
		byOutcome[outcome] = append(byOutcome[outcome], p)
	}
	var all []practice
	for round := 0; len(all) < count; round++ {
		before := len(all)
		for _, outcome := range slices.Sorted(maps.Keys(byOutcome)) {
			if round < len(byOutcome[outcome]) && len(all) < count {
				all = append(all, byOutcome[outcome][round])
			}
		}
		if len(all) == before {
			break
		}
	}
	return all
}

// practicable leaves in a world what the lab can carry out and what does something. A kubelet starts a member again
// that was removed, and it runs where there is nobody to tell it so: that is written out.
func (r *runner) practicable(n uint64, events []event) (practice, recovery.Survey, func(string) string) {
	minor, image := minorOf(n)
	p := practice{name: strconv.FormatUint(n, 10), minor: minor}
	w := newWorld(r.texts)
	add := func(e event) {
		before := w.clone()
		w.happen(e, r.verbs)
		forgetJournals(w)
		if e.verb != "found" && !done(before, w, e) {
			w = before
			return
		}
		p.events = append(p.events, e)
	}
	again := func() {
		for _, m := range w.machines {
			if m.lastWords == removedWords && !m.running {
				add(event{verb: "boot", on: m.name})
			}
		}
	}
	for i, e := range events {
		if e, can := forLab(w, e); can {
			add(e)
			again()
		}
		if i == 0 {
			for k := range e.n {
				add(event{"image", fmt.Sprintf("m%d", k+1), "", image})
			}
		}
	}
	for _, m := range w.machines {
		var i int
		_, _ = fmt.Sscanf(m.name, "m%d", &i)
		p.nodes = max(p.nodes, i)
	}
	return p, w.look(r.texts), w.nameAt
}

// minorOf is the etcd of a world, and its image in the model.
func minorOf(n uint64) (string, int) {
	switch n % 4 {
	case 0:
		return "3.6", 0
	case 1:
		return "3.5", 4
	}
	return "3.7", 2
}

// forLab returns an event as the lab can carry it out, and whether it can.
func forLab(w *world, e event) (event, bool) {
	m := w.find(e.on)
	switch e.verb {
	case "found":
		return e, true
	case "write":
		e.with = "" // all that run have what a leader has
		return e, e.n > 0
	case "kill", "crash":
		// With SIGKILL: the commit index that the log has lags behind by one.
		e.n = 4
		return e, m != nil
	case "damage":
		e.n = 0
		return e, m != nil
	case "grow", "learner", "replace":
		return e, couldJoin(w, e)
	case "boot":
		return e, m != nil && !m.kubeletDown
	case "access":
		return e, access(e.n) == sshdDown || access(e.n) == loginRefused
	case "anew":
		// The others would tell them that they have been there before.
		others := slices.ContainsFunc(w.machines, func(o *machine) bool { return o.running })
		return e, m != nil && w.find(e.with) != nil && !others
	case "wipe", "park", "unmanifest", "destroy", "remove", "force", "flag", "refound", "kubelet", "hide", "cut",
		"heal":
		return e, m != nil
	}
	return e, false
}

// couldJoin reports whether etcd takes a member in, and it gets the data: for that all voters have to be there that are
// not replaced, and the leader has to be in reach.
func couldJoin(w *world, e event) bool {
	leader := w.leaderOf(w.find(e.with))
	m := w.find(e.on)
	if leader == nil || leader.cut || e.on == e.with || m != nil && m.cut && e.verb != "replace" {
		return false
	}
	group := w.group(leader)
	for _, v := range leader.disk.tip.members {
		replaced := m != nil && (v.Name == m.name || slices.Contains(v.PeerURLs, m.url()))
		there := slices.ContainsFunc(group, func(o *machine) bool { return o.disk.member == v.ID })
		if !v.Learner && !replaced && !there {
			return false
		}
	}
	return m == nil || !m.kubeletDown
}

// done reports whether an event has done all that it is to do.
func done(before, w *world, e event) bool {
	old, m := before.find(e.on), w.find(e.on)
	switch e.verb {
	case "grow", "learner", "replace":
		return m != nil && m.running && (old == nil || old.disk == nil || m.disk.member != old.disk.member)
	case "force", "flag":
		return m.running && m.disk.forced != 0 && m.disk != old.disk && m.disk.forced != old.disk.forced
	case "refound":
		return m.running && old.disk == nil
	case "anew":
		return m.running && w.find(e.with).running && old.disk == nil
	case "remove":
		leader := before.leaderOf(before.find(e.with))
		return leader != nil && old.disk != nil && w.find(leader.name).disk.tip.member(old.disk.member) == nil
	}
	return !reflect.DeepEqual(before.machines, w.machines)
}

func (w *world) nameAt(host string) string {
	for _, m := range w.machines {
		if hostOf(m.addr) == host {
			return m.name
		}
	}
	return host
}
