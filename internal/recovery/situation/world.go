package situation

import (
	"slices"
	"strconv"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// power is what became of a machine.
type power int

const (
	on power = iota
	off
	destroyed
)

// access is how a machine answers to this one.
type access int

const (
	reachable    access = iota
	noRoute             // nothing comes back
	noName              // its name is not resolved
	jumpRefuses         // the host in between does not let it pass
	sshdDown            // the kernel refuses: the machine is up
	loginRefused        // it answers and cannot be examined
	lastAccess
)

// filed is where etcd's manifest is.
type filed int

const (
	inPlace filed = iota
	parked
	missing
	forcedByHand // in place, with the flag, and nobody has a journal of it
	forcedByUs   // in place, with the flag; the one before is parked
	uneditable   // in place, in a form that cannot be edited
)

// image is an etcd. What it is does not have to stand in its tag.
type image struct {
	text    string
	version string
	forgets bool // it goes by the commit index in its log alone when it is forced
}

func images() []image {
	return []image{
		{"registry.k8s.io/etcd:3.6.12-0", "3.6.12", false},
		{"registry.k8s.io/etcd:3.5.21-0", "3.5.21", true},
		{"registry.k8s.io/etcd:3.7.3-0", "3.7.3", false},
		{"registry.k8s.io/etcd@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "3.6.0", true},
		{"registry.k8s.io/etcd:3.5.35-0", "3.5.35", false},
	}
}

// machine is a node, or was one.
type machine struct {
	name string // of the node and its member
	key  string // in the survey, "" where it is not surveyed
	addr int
	power
	access
	cut bool // from all other machines

	disk      *data // nil where there is none; values are not changed, they are replaced
	unmounted *data // what is on the disk that should be mounted, nil where it is mounted
	full      bool
	image     int

	running     bool
	flag        bool // the etcd that runs was started with the flag
	leader      etcd.ID
	heard       etcd.ID // its last leader since it was started: until it has had one etcd answers no client
	wontStart   bool
	kubeletDown bool
	expired     bool // its certificate
	newer       bool // its data was written by etcd 3.6
	elsewhere   bool // a sign of another distribution is there
	bare        bool // it was installed anew, and nothing of Kubernetes is there
	quiet       bool // its log says nothing that could be read (--log-level=error, --log-outputs)
	manifest    filed
	initial     []etcd.Member
	lastWords   string

	journals []recovery.Journal
	copies   []keptData
}

// keptData is data that was copied or moved aside.
type keptData struct {
	place string
	data
	moved bool
}

// world is all that there is.
type world struct {
	machines []*machine
	entries  int
	ids      uint64
	clock    int
	excused  map[*entry]bool // acknowledged writes that somebody has given up by name
	alarm    bool
	auth     bool
	snapshot *entry
	restored [2]etcd.ID // cluster and member that each restore by itself makes
	texts    texts
}

func newWorld(t texts) *world { return &world{excused: map[*entry]bool{}, ids: 100, texts: t} }

func (w *world) clone() *world {
	c := *w
	c.machines = make([]*machine, len(w.machines))
	all := make([]machine, len(w.machines))
	for i, m := range w.machines {
		all[i] = *m
		all[i].journals = slices.Clone(m.journals)
		all[i].copies = slices.Clip(m.copies)
		c.machines[i] = &all[i]
	}
	c.excused = make(map[*entry]bool, len(w.excused))
	for e := range w.excused {
		c.excused[e] = true
	}
	return &c
}

// find returns the machine that goes by a name now, nil where there is none.
func (w *world) find(name string) *machine {
	for _, m := range w.machines {
		if m.key == name && name != "" {
			return m
		}
	}
	for _, m := range w.machines {
		if m.name == name {
			return m
		}
	}
	return nil
}

// at returns the machine at an address, the one that is gone only where no other has it now.
func (w *world) at(addr int) *machine {
	var gone *machine
	for _, m := range w.machines {
		switch {
		case m.addr != addr:
		case m.power != destroyed:
			return m
		default:
			gone = m
		}
	}
	return gone
}

func (w *world) id() etcd.ID {
	w.ids++
	return etcd.ID(w.ids)
}

func hostOf(addr int) string { return "10.0.0." + strconv.Itoa(addr) }

func peerURL(addr int) string { return "https://" + hostOf(addr) + ":2380" }

func addrOf(url string) int {
	addr, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(url, "https://10.0.0."), ":2380"))
	return addr
}

func (m *machine) url() string { return peerURL(m.addr) }

func (m *machine) forgets() bool { return images()[m.image].forgets }

// self is the entry of a machine in a member list.
func (m *machine) self(id etcd.ID) etcd.Member {
	return etcd.Member{ID: id, Name: m.name, PeerURLs: []string{m.url()}}
}

// doubled reports whether a machine that is not surveyed has been made the same member of the same cluster as another
// one. Two clusters of one ID and the same members can be there then, of which nobody sees more than a part.
func (w *world) doubled() bool {
	return slices.ContainsFunc(w.machines, func(m *machine) bool {
		return m.key == "" && m.disk != nil && m.power == on && twins(w, m)
	})
}

// whole returns the data that a machine has or could have mounted, nil where there is none that etcd starts with.
func (m *machine) whole() *data {
	d := m.disk
	if m.unmounted != nil {
		d = m.unmounted
	}
	if d == nil || d.damaged || m.power == destroyed {
		return nil
	}
	return d
}

// grow makes the entry that follows one, which inherits what it does not change.
func (w *world) grow(before *entry, term uint64, change func(*entry)) *entry {
	w.entries++
	e := *before
	e.before, e.id, e.index, e.term, e.acked = before, w.entries, before.index+1, term, false
	if change != nil {
		change(&e)
	}
	if e.revision != before.revision {
		e.written = e.id
	}
	return &e
}

// root makes the first entry of a cluster. What a snapshot had before is in its past.
func (w *world) root(cluster etcd.ID, past *entry, members []etcd.Member) *entry {
	w.entries++
	e := &entry{before: past, id: w.entries, index: uint64(len(members)), term: 1, revision: 1, cluster: cluster}
	if past != nil {
		e.revision, e.written = past.revision, past.written
	}
	e.members = members
	return e
}

// acknowledged are the writes in a history that a client counts on and nobody has given up.
func (w *world) acknowledged(tip, notIn *entry) []*entry {
	var all []*entry
	for e := tip; e != nil; e = e.before {
		if notIn != nil && notIn.has(e) {
			break
		}
		if e.acked && !w.excused[e] {
			all = append(all, e)
		}
	}
	return all
}

// excuse gives up every write that a history does not have.
func (w *world) excuse(history *entry) {
	give := func(d *data) {
		if d == nil {
			return
		}
		for _, e := range w.acknowledged(d.tip, history) {
			w.excused[e] = true
		}
	}
	for _, m := range w.machines {
		give(m.disk)
		give(m.unmounted)
	}
}
