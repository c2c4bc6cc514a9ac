package situation

import (
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

const (
	dataDir   = "/var/lib/etcd"
	dataBytes = 100 << 20

	notMounted = dataDir + " is missing, and /etc/fstab has a mount there"
)

// look is the survey of a world: what package survey would see of it.
func (w *world) look(t texts) recovery.Survey {
	var s recovery.Survey
	for _, m := range w.machines {
		if m.key != "" {
			s = append(s, w.examine(m, t))
		}
	}
	slices.SortFunc(s, func(a, b recovery.Evidence) int { return strings.Compare(a.Name, b.Name) })
	w.compareLogs(s)
	live := liveCluster(s)
	for i := range s {
		if e := &s[i]; live == nil && e.Status != nil && e.Status.Learner {
			m := w.find(e.Name)
			disk := onDisk(m)
			e.Members, e.Removed = disk.Members, disk.RemovedMembers
			w.lookAtPeers(e, m)
		}
		s[i].LeftBy, s[i].Twin = s.LeftBy(s[i]), s.TwinOf(s[i])
		if s[i].Live = live; live != nil && s[i].Reach == recovery.Reached && !s[i].Quorum {
			w.askPeers(&s[i], w.find(s[i].Name), live.Members)
		}
	}
	return s
}

// compareLogs is what is in the last entries that each two logs of one cluster ID both have.
func (w *world) compareLogs(s recovery.Survey) {
	for i := range s {
		for k := range s {
			a, b := &s[i], &s[k]
			if !s.Compared(*a, *b) {
				continue
			}
			tip := w.find(a.Name).disk.tip
			last := min(tip.index, w.find(b.Name).disk.tip.index)
			for index := last - min(last, 3); index <= last; index++ {
				e := tip.at(index)
				entry := recovery.LogEntry{Index: index, Term: e.term, Sum: e.sum()}
				if _, noted := a.EntryAt(index); !noted && e.index == index {
					a.Entries = append(a.Entries, entry)
				}
			}
		}
	}
}

// reach says how a machine answers to a survey, of which kind a failure is, and what it says.
func (m *machine) reach() (reach recovery.Reach, kind, problem string) {
	switch {
	case m.access == noName:
		return recovery.Silent, recovery.KindName, "ssh: lookup " + m.name + ": no such host"
	case m.access == jumpRefuses:
		return recovery.Silent, recovery.KindJump, "ssh: jump host: administratively prohibited"
	case m.power != on:
		return recovery.Silent, recovery.KindTimeout, "ssh: i/o timeout"
	case m.access == noRoute:
		return recovery.Silent, recovery.KindNoRoute, "ssh: no route to host"
	case m.access == sshdDown:
		return recovery.Silent, recovery.KindRefusedPort, "ssh: connection refused"
	case m.access == loginRefused:
		return recovery.Refused, recovery.KindLogin, "ssh: permission denied"
	}
	return recovery.Reached, "", ""
}

func (w *world) examine(m *machine, t texts) recovery.Evidence {
	e := recovery.Evidence{Name: m.key, Host: hostOf(m.addr)}
	if e.Reach, e.ReachKind, e.ReachError = m.reach(); e.Reach != recovery.Reached {
		return e
	}
	e.Addresses = []string{hostOf(m.addr)}
	e.Kubelet = recovery.Kubelet{Running: !m.kubeletDown, Service: "active"}
	e.Journals = slices.Clone(m.journals)
	e.Running = m.running
	if m.elsewhere {
		e.Signs = []string{"/var/lib/rancher/k3s/server/db/etcd"}
	}
	if m.bare {
		e.NoManifest, e.Bare, e.Kubelet, e.Journals = true, true, recovery.Kubelet{}, nil
		e.Problems = []string{"nothing of Kubernetes and of etcd is on " + m.name}
		return e
	}
	switch m.manifest {
	case missing:
		e.NoManifest = true
		if m.disk != nil {
			e.StrayData = dataDir
		} else if m.unmounted != nil {
			e.Unknown.Data = notMounted
		}
		e.Problems = append(e.NotHere(), "no file in /etc/kubernetes/manifests is an etcd static pod")
		return e
	case forcedByHand:
		e.ForceFlag = manifestPath
		e.Problems = []string{manifestPath + " has the force-new-cluster flag in it, and no journal of ours says why"}
	case forcedByUs, parked:
		e.Parked = "/var/lib/etcdrecovery/parked/etcd.yaml"
		if m.manifest == forcedByUs {
			e.ForceFlag = manifestPath
		}
	}
	e.ManifestPath, e.Manifest = manifestPath, t.of(m)
	e.MemberName, e.PeerURLs, e.Image = m.name, []string{m.url()}, images()[m.image].text
	if m.running && m.expired {
		e.Unknown.Status = "x509: certificate has expired"
	} else if m.running && m.heard == 0 {
		e.Unknown.Status = "context deadline exceeded"
	} else if m.running {
		w.ask(&e, m)
	}
	e.DataDir, e.OldData = dataDir, m.freePlace()
	e.DataBytes, e.FreeBytes = dataBytes, 100*dataBytes
	if m.full {
		e.FreeBytes = 0
	}
	e.Readable, e.Empty, e.NoLog = m.disk != nil, m.disk == nil, m.disk == nil
	if m.unmounted != nil && m.disk == nil {
		e.Empty, e.NoLog, e.Unknown.Data = false, false, notMounted
	}
	if m.unmounted != nil && !e.Quorum {
		e.Problems = append(e.Problems, dataDir+" on "+m.name+" is a mount point in /etc/fstab, and is not mounted")
	}
	if m.expired {
		e.Problems = append(e.Problems, "the certificate of --cert-file on "+m.name+" expired")
	}
	if e.Status == nil && m.lastWords != "" && !m.quiet {
		e.LastWords = []string{m.lastWords}
	}
	if e.Status == nil && e.Readable {
		if m.disk.damaged {
			e.Damage = "wal: crc mismatch"
		} else {
			e.Disk, e.Auth = onDisk(m), w.auth
			if recovery.TooNew(e.Disk.StorageVersion, e.Disk.ClusterVersion, e.Image) {
				e.TooNew = "the data was written by a later etcd"
			}
		}
	}
	w.lookAtPeers(&e, m)
	return e
}

// ask is what a running member says.
func (w *world) ask(e *recovery.Evidence, m *machine) {
	d := m.disk
	applied := d.tip.at(d.applied)
	e.Status = &etcd.Status{
		ClusterID: d.tip.cluster, MemberID: d.member, Leader: m.leader, Version: images()[m.image].version,
		Revision: applied.revision - d.missing, RaftTerm: d.tip.term, RaftIndex: d.commit, AppliedIndex: d.applied,
	}
	own := applied.member(d.member)
	if e.Status.Learner = own != nil && own.Learner; e.Status.Learner {
		e.Status.Leader = m.heard // it never notices that its leader is gone, and lists no members: its disk has them
	} else {
		e.Members = applied.members
	}
	e.Auth = w.auth
	if e.Status.Leader == 0 {
		if !m.quiet {
			e.Tail = &recovery.Tail{Index: d.tip.index, Term: d.tip.term}
		}
		e.Hash = &recovery.Hash{Revision: applied.revision, CompactRevision: 1, Value: uint32(applied.written)}
		return
	}
	if e.Status.Learner {
		return
	}
	if w.leaderOf(m) == nil {
		e.Unknown.Quorum = "context deadline exceeded"
		return
	}
	e.Quorum = true
	l := w.leaderOf(m).disk // it answers when it has all that the leader has
	e.Status.RaftIndex, e.Status.AppliedIndex = l.commit, l.applied
	e.Status.Revision = l.tip.at(l.applied).revision - d.missing
	if w.auth { // which is said to those alone who have heard of a quorum
		return
	}
	e.Members = w.leaderOf(m).disk.tip.members
	if w.alarm {
		e.Alarms = []string{"NOSPACE"}
	}
}

// onDisk is what the files of a stopped member say.
func onDisk(m *machine) *recovery.OnDisk {
	d := m.disk
	first, terms := d.tip.terms()
	applied := d.tip.at(d.applied)
	s := &recovery.OnDisk{
		ClusterID: d.tip.cluster, MemberID: d.member, Name: m.name,
		Term: d.tip.term, Commit: d.commit, FirstIndex: first, LastIndex: d.tip.index, LastTerm: d.tip.term,
		Terms:           terms,
		ConsistentIndex: d.applied, Revision: applied.revision, LastRevision: d.tip.revision,
		Members: applied.members, RemovedMembers: applied.removed,
	}
	for _, o := range d.kept(m.forgets()).members {
		if applied.member(o.ID) == nil {
			s.Added = append(s.Added, o.ID)
		}
	}
	s.Rewritten = len(applied.members) > 1 && len(d.tip.members) == 1
	if m.newer {
		s.ClusterVersion = "3.6.0"
	}
	kept := d.tip.at(max(d.applied, s.Kept(images()[m.image].text)))
	own := kept.member(d.member)
	s.Learner, s.Removed = own != nil && own.Learner, own == nil
	s.KeptLeast, s.KeptRevision = kept.revision, kept.revision
	return s
}

// lookAtPeers is which other members a node reaches.
func (w *world) lookAtPeers(e *recovery.Evidence, m *machine) {
	if e.Quorum {
		return
	}
	known := e.KnownMembers()
	if len(known) <= 1 {
		known = append(slices.Clone(known), m.initial...)
	}
	w.askPeers(e, m, known)
}

func (w *world) askPeers(e *recovery.Evidence, m *machine, members []etcd.Member) {
	for _, k := range members {
		for _, u := range k.PeerURLs {
			// Another machine may be where its own member was. Without a manifest it does not know its own URL.
			if u == m.url() && m.manifest != missing {
				continue
			}
			if slices.ContainsFunc(e.Peers, func(p recovery.Peer) bool { return p.URL == u }) {
				continue
			}
			o := w.at(addrOf(u))
			e.Peers = append(e.Peers, recovery.Peer{
				Name: k.Name, URL: u, Answers: o != nil && o.running && hears(m, o),
			})
		}
	}
}

// liveCluster is the cluster that answers: of several the one with more members, then with more writes.
func liveCluster(s recovery.Survey) *recovery.Live {
	var best *recovery.Evidence
	for i := range s {
		e := &s[i]
		if e.Quorum && (best == nil || len(e.Members) > len(best.Members) || len(e.Members) == len(best.Members) &&
			e.Status.Revision > best.Status.Revision) {
			best = e
		}
	}
	if best == nil {
		return nil
	}
	live := &recovery.Live{
		ClusterID: best.Status.ClusterID, Members: best.Members, Twins: s.TwinsIn(best.Status.ClusterID),
	}
	for _, e := range s {
		if e.Quorum && e.Within(live) {
			live.Commit = max(live.Commit, e.Status.RaftIndex)
			live.Term = max(live.Term, e.Status.RaftTerm)
			live.Revision = max(live.Revision, e.Status.Revision)
		}
	}
	return live
}
