package situation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// event is one thing that happens in a world. One that cannot happen there does nothing, so that any part of a
// scenario is a scenario.
type event struct {
	verb string
	on   string // a machine
	with string // another machine, or a word
	n    int
}

func (e event) String() string {
	text := e.verb
	if e.on != "" {
		text += " " + e.on
	}
	if e.with != "" {
		text += " " + e.with
	}
	if e.n != 0 {
		text += " " + strconv.Itoa(e.n)
	}
	return text
}

// parseEvent reads a line that String has written: a verb, names, a number.
func parseEvent(line string) (event, error) {
	var e event
	for i, word := range strings.Fields(line) {
		n, err := strconv.Atoi(word)
		switch {
		case i == 0:
			e.verb = word
		case err == nil:
			e.n = n
		case e.on == "":
			e.on = word
		case e.with == "":
			e.with = word
		default:
			return e, fmt.Errorf("%q has too many words", line)
		}
	}
	if _, ok := verbs()[e.verb]; !ok {
		return e, fmt.Errorf("%q is no event", line)
	}
	return e, nil
}

type happening = func(w *world, m *machine, e event)

// verbs are all events. Each is given the machine that it names.
func verbs() map[string]happening {
	return map[string]happening{
		"found": func(w *world, _ *machine, e event) { w.found(e.n) },
		// The cluster while it works.
		"write":    write,
		"grow":     grow,
		"learner":  grow,
		"remove":   remove,
		"replace":  replace,
		"snapshot": func(w *world, m *machine, _ event) { w.snapshot = tipOf(w.leaderOf(m)) },
		"alarm":    func(w *world, _ *machine, _ event) { w.alarm = true },
		"auth":     func(w *world, _ *machine, _ event) { w.auth = true },
		// What happens to a machine.
		"kill":    func(_ *world, m *machine, e event) { m.stop(uint64(e.n)); m.power = off },
		"tail":    tail,
		"boot":    boot,
		"start":   func(w *world, m *machine, _ event) { w.start(m) },
		"crash":   func(_ *world, m *machine, e event) { m.stop(uint64(e.n)); m.wontStart = true },
		"park":    func(_ *world, m *machine, _ event) { m.stop(0); m.park() },
		"destroy": func(_ *world, m *machine, _ event) { m.destroy() },
		"bare":    func(_ *world, m *machine, _ event) { m.reinstall() },
		"wipe":    func(_ *world, m *machine, _ event) { m.stop(0); m.disk, m.unmounted, m.lastWords = nil, nil, "" },
		"unmount": unmount,
		"damage":  damage,
		"drift":   drift,
		"fill":    func(_ *world, m *machine, _ event) { m.full = true },
		"cut":     func(_ *world, m *machine, _ event) { m.cut = true },
		"heal":    func(_ *world, m *machine, _ event) { m.cut = false },
		"hide":    func(_ *world, m *machine, _ event) { m.key = "" },
		"access":  func(_ *world, m *machine, e event) { m.access = access(e.n) % lastAccess },
		"address": readdress,
		"rebuild": rebuild,
		// What a node is like.
		"expire":    func(_ *world, m *machine, _ event) { m.expired = true },
		"kubelet":   func(_ *world, m *machine, _ event) { m.kubeletDown = true },
		"elsewhere": func(_ *world, m *machine, _ event) { m.elsewhere = true; m.stop(0); m.manifest = missing },
		"uneditable": func(_ *world, m *machine, _ event) {
			if m.manifest == inPlace {
				m.manifest = uneditable
			}
		},
		"unmanifest": func(_ *world, m *machine, _ event) { m.stop(0); m.manifest = missing },
		"older":      func(_ *world, m *machine, _ event) { m.stop(0); m.image, m.newer = 1, true },
		"quiet":      func(_ *world, m *machine, _ event) { m.quiet = true },
		"image":      func(_ *world, m *machine, e event) { m.image = e.n % len(images()) },
		// What people do.
		"restore": restore,
		"each":    restore,
		"refound": refound,
		"anew":    anew,
		"force":   forceByHand,
		"flag":    forceByHand,
		"begin":   begin,
		"join":    beginJoin,
	}
}

func tipOf(m *machine) *entry {
	if m == nil {
		return nil
	}
	return m.disk.tip
}

// happen carries an event out.
func (w *world) happen(e event, verbs map[string]happening) {
	if e.verb == "found" {
		w.found(e.n)
		return
	}
	m := w.find(e.on)
	if m == nil {
		if e.verb != "grow" && e.verb != "learner" {
			return
		}
	} else if m.power == destroyed && e.verb != "hide" && e.verb != "rebuild" && e.verb != "access" {
		return
	}
	verbs[e.verb](w, m, e)
	w.settle()
	w.clock++
}

func (w *world) machine(name string, addr int) *machine {
	m := &machine{name: name, key: name, addr: addr}
	w.machines = append(w.machines, m)
	return m
}

// found makes a cluster of so many voters.
func (w *world) found(n int) {
	cluster := w.id()
	var members []etcd.Member
	for i := 1; i <= n; i++ {
		m := w.machine("m"+strconv.Itoa(i), i)
		members = append(members, m.self(w.id()))
	}
	root := w.root(cluster, nil, members)
	for i, m := range w.machines {
		m.initial = members
		m.disk = &data{tip: root, commit: root.index, applied: root.index, member: members[i].ID}
		m.running = true
	}
	w.settle()
}

func write(w *world, m *machine, e event) {
	leader := w.leaderOf(m)
	if leader == nil {
		return
	}
	slow := w.find(e.with)
	for range e.n {
		w.commit(leader, true, slow, func(e *entry) { e.revision++ })
	}
}

// grow adds a machine to a living cluster, as a voter or for good as a learner. A machine that is there joins again.
func grow(w *world, _ *machine, e event) {
	leader := w.leaderOf(w.find(e.with))
	if leader == nil || len(w.machines) >= 9 || e.verb == "learner" && hasLearner(leader.disk.tip) {
		return
	}
	m := w.find(e.on)
	if m == nil {
		if len(e.on) < 2 {
			return
		}
		addr := 1
		for w.at(addr) != nil {
			addr++
		}
		m = w.machine(e.on, addr)
	} else if m.running || m.power != on || m.unmounted != nil || m == leader {
		return
	}
	w.rejoin(m, leader, e.verb == "learner")
}

// rejoin lets a machine take part in a living cluster, with a new identity and nothing of its own.
func (w *world) rejoin(m, leader *machine, learner bool) {
	w.removeEntries(m, leader)
	if !m.setAside() {
		return
	}
	id := w.id()
	self := m.self(id)
	self.Learner = learner
	next := w.commit(leader, false, nil, func(e *entry) { e.members = append(slices.Clone(e.members), self) })
	m.initial = next.members
	m.image, m.manifest, m.lastWords, m.wontStart, m.bare = leader.image, inPlace, "", false, false
	m.disk = &data{tip: next, commit: next.index, applied: next.index, member: id}
	m.running, m.leader = m.power == on && !m.kubeletDown, 0
	w.settle()
}

// removeEntries takes out of a cluster what has a machine's name or address.
func (w *world) removeEntries(m, leader *machine) {
	for _, o := range leader.disk.tip.members {
		if o.Name == m.name || slices.Contains(o.PeerURLs, m.url()) {
			w.removeMember(leader, o.ID)
		}
	}
}

// removeMember takes a member out, unless those of the others that work would be no quorum: etcd refuses that.
func (w *world) removeMember(leader *machine, id etcd.ID) {
	if left := leader.disk.tip.voters() - 1; leader.disk.tip.votes(id) {
		works := countVoters(leader.disk.tip, slices.DeleteFunc(w.group(leader), func(o *machine) bool {
			return o.disk.member == id
		}))
		if works <= left/2 {
			return
		}
	}
	if leader.disk.member == id { // it hands over first
		i := slices.IndexFunc(w.group(leader), func(o *machine) bool {
			return o != leader && leader.disk.tip.votes(o.disk.member)
		})
		if i < 0 || !w.spares(leader, leader) {
			return
		}
		group := w.group(leader)
		next := group[i]
		for _, o := range group {
			o.leader = next.disk.member
			o.disk = &data{
				tip: leader.disk.tip, commit: leader.disk.commit, applied: leader.disk.applied, member: o.disk.member,
			}
		}
		leader = next
	}
	w.commit(leader, false, nil, func(e *entry) {
		e.members = slices.DeleteFunc(slices.Clone(e.members), func(o etcd.Member) bool { return o.ID == id })
		e.removed = append(slices.Clip(e.removed), id)
	})
	w.settle()
}

// setAside moves what is in the data folder to a free place.
func (m *machine) setAside() bool {
	if m.running || m.unmounted != nil {
		return false
	}
	if m.disk != nil {
		m.copies = append(m.copies, keptData{place: m.freePlace(), data: *m.disk, moved: true})
	}
	m.disk = nil
	return true
}

func (m *machine) freePlace() string {
	return "/var/lib/etcdrecovery/old/" + strconv.Itoa(len(m.copies)+1)
}

func remove(w *world, m *machine, e event) {
	leader := w.leaderOf(w.find(e.with))
	if leader == nil || leader == m || m.disk == nil || !leader.disk.tip.votes(m.disk.member) || !w.spares(leader, m) {
		return
	}
	w.removeMember(leader, m.disk.member)
}

func replace(w *world, m *machine, e event) {
	leader := w.leaderOf(w.find(e.with))
	if leader == nil || leader == m || !w.spares(leader, m) || m.unmounted != nil {
		return
	}
	m.stop(0)
	m.power, m.cut = on, false
	w.settle()
	if leader = w.leaderOf(w.find(e.with)); leader == nil {
		return
	}
	m.copies = m.copies[:len(m.copies):len(m.copies)]
	if m.disk != nil && len(w.acknowledged(m.disk.tip, leader.disk.tip)) > 0 {
		return // nobody who knows throws that away
	}
	w.rejoin(m, leader, false)
	w.clock++
	m.journals = append(m.journals, recovery.Journal{
		Operation: recovery.OperationMember, ID: "join-" + strconv.Itoa(w.clock), Master: m.key,
		Started: w.time(), Ended: w.time().Add(time.Second), Phase: recovery.PhaseFinished,
	})
}

// tail lets a leader die with entries that nobody else has, and that nobody was told of.
func tail(w *world, m *machine, e event) {
	leader := w.leaderOf(m)
	if leader == nil {
		return
	}
	d := *leader.disk
	for range e.n {
		d.tip = w.grow(d.tip, d.tip.term, func(e *entry) { e.revision++ })
	}
	leader.stop(0)
	leader.disk, leader.power = &d, off
}

// hasLearner reports whether a cluster has one: it takes one at a time (etcd, --max-learners).
func hasLearner(e *entry) bool {
	return slices.ContainsFunc(e.members, func(o etcd.Member) bool { return o.Learner })
}

// reinstall leaves nothing of Kubernetes on a machine.
func (m *machine) reinstall() {
	m.stop(0)
	m.power, m.disk, m.unmounted, m.lastWords, m.manifest = on, nil, nil, "", missing
	m.journals, m.copies, m.elsewhere, m.bare = nil, nil, false, true
}

func (m *machine) destroy() {
	m.stop(0)
	m.power, m.disk, m.unmounted = destroyed, nil, nil
}

func boot(w *world, m *machine, _ event) {
	m.power = on
	w.start(m)
}

func (m *machine) park() {
	switch m.manifest {
	case inPlace, uneditable:
		m.manifest = parked
	}
}

func unmount(w *world, m *machine, e event) {
	if m.disk == nil || m.unmounted != nil {
		return
	}
	m.stop(uint64(e.n))
	m.unmounted, m.disk = m.disk, nil
}

func damage(_ *world, m *machine, e event) {
	if m.disk == nil {
		return
	}
	m.stop(uint64(e.n))
	d := *m.disk
	d.damaged = true
	m.disk = &d
}

// drift leaves a voter with the log of the others and less in its database, as one whose disk was wiped and that came
// back under its old ID. The next entry of the log ends it here, which etcd does not do.
func drift(w *world, m *machine, e event) {
	if w.leaderOf(m) == nil || w.leaderOf(m) == m {
		return
	}
	d := *m.disk
	d.missing = min(int64(e.n), d.tip.revision-1)
	m.disk = &d
}

func readdress(w *world, m *machine, e event) {
	if w.at(e.n) != nil || e.n <= 0 {
		return
	}
	running := m.running
	m.stop(0)
	m.addr = e.n
	if running {
		w.settle()
		w.start(m)
	}
}

// rebuild makes a new machine of the same name with a new address. The old one is where it was.
func rebuild(w *world, m *machine, e event) {
	if w.at(e.n) != nil || e.n <= 0 || m.key == "" || len(w.machines) >= 9 {
		return
	}
	initial, image := m.initial, m.image
	key := m.key
	m.key = ""
	n := w.machine(m.name, e.n)
	n.key, n.initial, n.image = key, initial, image
}
