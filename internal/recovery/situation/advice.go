package situation

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// advised does what a refusal of a seed advises; true where that is a final word.
func (o *operator) advised(code recovery.Code, r *recovery.Refusal, s recovery.Survey) bool {
	o.note("seed refused: %s (%s)", code, r.Found)
	switch code {
	case recovery.CodeUnreachable:
		for _, m := range o.silent(s) {
			if m.power == destroyed || o.gives {
				o.give(m)
			} else {
				o.bringBack(m)
			}
		}
	case recovery.CodeReachableFromPeers, recovery.CodeLostNodeServes:
		o.serving(s)
	case recovery.CodeAccessRefused:
		for _, e := range s {
			if m := o.find(e.Name); e.Reach == recovery.Refused && m.power != destroyed {
				o.bringBack(m)
			}
		}
	case recovery.CodeMemberNotSurveyed:
		o.survey(s)
	case recovery.CodeNodeNotReady, recovery.CodeForceInManifest:
		for _, e := range s {
			o.makeReady(o.find(e.Name))
		}
	case recovery.CodeKubeletDown:
		for _, m := range o.machines {
			m.kubeletDown = false
		}
	case recovery.CodeManifestNotEditable:
		for _, m := range o.machines {
			if m.manifest == uneditable {
				m.manifest = inPlace
			}
		}
	case recovery.CodeManagedElsewhere:
		for _, m := range o.machines {
			if m.elsewhere { // a left-over, that is moved away
				m.elsewhere = false
				o.makeReady(m)
			}
		}
	case recovery.CodeDataNotFound:
		for _, e := range s {
			o.makeReady(o.find(e.Name))
		}
	case recovery.CodeLostNodeAnswers:
		o.req.Lost = slices.DeleteFunc(slices.Clone(o.req.Lost), func(name string) bool {
			return s.Node(name).Reach != recovery.Silent
		})
	case recovery.CodeClusterStartable:
		o.startAll(s)
	case recovery.CodeClusterBehind:
		o.putAside(s)
	case recovery.CodeDataUnknown:
		for _, e := range s {
			m := o.find(e.Name)
			o.makeReady(m)
			if e.Running && e.Status == nil {
				m.stop(0)
				m.park()
			}
		}
	case recovery.CodeMemberTwice:
		o.chooseTwin()
	case recovery.CodeAuthEnabled:
		if len(o.leaders()) == 0 {
			forceByHand(o.world, o.find(cmp.Or(o.req.Node, s[0].Name)), event{verb: "force"})
		}
		o.auth = false
	case recovery.CodeSeedDeniesClient:
		for _, m := range o.machines {
			m.expired = false
		}
	case recovery.CodeMembersDiffer:
		o.chooseOne()
	case recovery.CodeSeedUndecided:
		return o.decide(s)
	case recovery.CodeOthersHaveMore:
		return o.others(r, s)
	case recovery.CodeNothingToAccept:
		o.req.Less = nil
	case recovery.CodeUnknownNode:
		names, _, _ := strings.Cut(r.Found, " none of")
		known := func(name string) bool { return !strings.Contains(names, strconv.Quote(name)) }
		o.req.Lost = kept(o.req.Lost, known)
		o.req.Less = kept(o.req.Less, known)
		if !known(o.req.Node) {
			o.req.Node = ""
		}
	case recovery.CodeMayBeAlive:
		for _, m := range o.machines {
			m.expired = false
		}
	case recovery.CodeNodeTwice:
		o.req.Node, o.req.Lost, o.req.Less = "", nil, nil
	case recovery.CodeSeedEmpty:
		repaired := false
		for _, e := range s {
			if e.StrayData+e.EmptyUnknown != "" {
				o.makeReady(o.find(e.Name))
				repaired = true
			}
		}
		if !repaired {
			return o.another(s)
		}
	case recovery.CodeSeedDamaged, recovery.CodeSeedLearner, recovery.CodeSeedRemoved:
		if len(o.req.Abandon) > 0 && strings.Contains(r.Next, "out of abandon") {
			o.req.RecoveryID, o.req.Node, o.req.Abandon = o.req.Abandon[0], "", nil
			return false
		}
		return o.another(s)
	case recovery.CodeImageTooOld, recovery.CodeCommitBehind:
		for _, m := range o.machines {
			m.image = 2
		}
	case recovery.CodeMustRunFirst:
		for _, m := range o.machines {
			o.runFirst(m)
		}
	case recovery.CodeNoSpace:
		for _, m := range o.machines {
			m.full = false
		}
	case recovery.CodeOtherUnfinished, recovery.CodeOtherSeed:
		o.follow(code, r)
	case recovery.CodeRecoveryFinished, recovery.CodeMajorityLostAgain:
		o.newID()
	case recovery.CodeNoData:
		return o.noData(r.Found)
	default:
		o.breaks(wellFormed, "unknown-code-"+string(code), "the model has no operator for it")
		return true
	}
	o.settle()
	return false
}

func kept(names []string, keep func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !keep(name) })
}

func (o *operator) newID() {
	o.ids++
	o.req.RecoveryID = "again-" + string(rune('a'+o.ids))
}

// makeReady does away with what a survey calls a problem.
func (o *operator) makeReady(m *machine) {
	if reach, _, _ := m.reach(); reach != recovery.Reached {
		return
	}
	m.expired = false
	if m.unmounted != nil {
		m.stop(0)
		if m.disk != nil { // what was written beneath the mount point is hidden by it
			m.copies = append(m.copies, keptData{place: "beneath " + dataDir, data: *m.disk})
		}
		m.disk, m.unmounted = m.unmounted, nil
		o.start(m)
	}
	switch m.manifest {
	case forcedByHand:
		running := m.running
		m.stop(0)
		m.manifest = inPlace
		if running {
			o.start(m)
		}
	case missing:
		m.manifest, m.elsewhere = inPlace, false
	}
}

// serving deals with members that a node reaches and this machine does not.
func (o *operator) serving(s recovery.Survey) {
	did := false
	for _, e := range s {
		m := o.find(e.Name)
		if e.Reach == recovery.Reached || m.power == destroyed {
			continue
		}
		o.req.Lost = slices.DeleteFunc(slices.Clone(o.req.Lost), func(name string) bool { return name == e.Name })
		o.bringBack(m)
		did = true
	}
	if did {
		return
	}
	for _, m := range o.machines { // it is none of the nodes: switched off
		if m.key == "" && m.running {
			m.stop(0)
			m.power, m.disk, m.unmounted = destroyed, nil, nil
		}
	}
}

// survey adds the members that are missing to the survey.
func (o *operator) survey(s recovery.Survey) {
	for _, e := range s {
		members := e.Members
		if e.Disk != nil {
			members = e.Disk.Members
		}
		if len(members) <= 1 { // itself alone, where it was forced
			members = append(slices.Clone(members), e.InitialCluster()...)
		}
		for _, k := range members {
			for _, u := range k.PeerURLs {
				if slices.Contains(o.req.Lost, u) {
					continue
				}
				m := o.at(addrOf(u))
				gone := m == nil || m.power == destroyed
				switch {
				case gone && o.gives && k.ID != 0 && (m == nil || m.key == ""):
					if !slices.Contains(o.req.Lost, u) {
						o.req.Lost = append(slices.Clone(o.req.Lost), u)
					}
				case m == nil: // nobody is there any more
					m = o.machine(k.Name, addrOf(u))
					m.power, m.key = destroyed, o.freeKey(k.Name)
				case m.key == "":
					m.key = o.freeKey(m.name)
				}
			}
		}
	}
}

func (o *operator) freeKey(name string) string {
	if name == "" {
		name = "unnamed"
	}
	for slices.ContainsFunc(o.machines, func(m *machine) bool { return m.key == name }) {
		name += "-old"
	}
	return name
}

// startAll starts etcd wherever there is data for it.
func (o *operator) startAll(s recovery.Survey) {
	for _, m := range o.machines {
		if reach, _, _ := m.reach(); reach != recovery.Reached {
			continue
		}
		m.expired = false
		if m.disk != nil && m.disk.damaged { // etcd does not start with it
			m.disk = nil
			continue
		}
		m.wontStart, m.kubeletDown, m.cut, m.full = false, false, false, false
		if m.manifest == parked && m.disk != nil {
			m.manifest = inPlace
		}
		if m.newer { // as the container's log says
			m.image = 2
		}
		if m.disk != nil && !o.start(m) {
			continue
		}
		o.goBack(m)
	}
	o.settle()
	if len(o.leaders()) > 0 {
		return
	}
	for _, e := range s { // those that are out of reach may be what is missing
		if m := o.find(e.Name); m.power != destroyed && !slices.Contains(o.req.Lost, e.Name) {
			o.bringBack(m)
		}
	}
}

// goBack gives a machine the address again at which its cluster looks for it.
func (o *operator) goBack(m *machine) {
	if m.disk == nil {
		return
	}
	if own := m.disk.tip.member(m.disk.member); own != nil && !listedAt(m.disk.tip, m) {
		addr := addrOf(own.PeerURLs[0])
		if there := o.at(addr); there == nil || there.power == destroyed {
			m.addr = addr
		}
	}
}

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
		if m.disk != nil && m.key != "" && (best == nil || m.disk.tip.revision > best.disk.tip.revision) {
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

// chooseTwin ends all but one of the nodes that claim the place of one member, or that serve one cluster apart.
func (o *operator) chooseTwin() {
	for _, a := range o.machines {
		for _, b := range o.machines {
			if a == b || a.key == "" || b.key == "" || a.disk == nil || b.disk == nil ||
				a.disk.tip.cluster != b.disk.tip.cluster {
				continue
			}
			apart := o.leaderOf(a) != nil && o.leaderOf(b) != nil && o.leaderOf(a) != o.leaderOf(b)
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
		if len(e.Problems) > 0 || e.Running && e.Status == nil || e.TooNew != "" {
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
	insists := own || strings.HasPrefix(r.Next, "decide which") || strings.Contains(r.Next, "can be kept only by")
	switch {
	case repaired:
	case strings.HasPrefix(r.Next, "nothing was forced yet"):
		o.newID()
	case strings.HasPrefix(r.Next, "the forced start on") && !own:
		o.abandon(o.req.RecoveryID)
	case insists:
		o.req.Node, o.req.Less = cmp.Or(o.req.Node, s[0].Name), more
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
	best := o.best()
	if best == nil {
		return o.noData("")
	}
	o.req.Node = best.key
	return false
}

// runFirst starts an etcd that has to run before it is forced.
func (o *operator) runFirst(m *machine) {
	if reach, _, _ := m.reach(); reach != recovery.Reached || m.key == "" {
		return
	}
	m.wontStart, m.kubeletDown, m.full = false, false, false
	if m.manifest == parked {
		m.manifest = inPlace
	}
	o.start(m)
}

// follow goes on with another recovery, or with another seed, as it is told.
func (o *operator) follow(code recovery.Code, r *recovery.Refusal) {
	if again := quotedIn(r.Next, "abandon = ["); len(again) > 0 {
		if o.told[again[0]]++; o.told[again[0]] > 1 || code == recovery.CodeOtherSeed && o.gives {
			o.abandon(again[0])
			return
		}
	}
	word := "recovery_id = "
	if code == recovery.CodeOtherSeed {
		word = "node = "
	}
	if told := quotedIn(r.Next, word); len(told) > 0 {
		if code == recovery.CodeOtherSeed {
			o.req.Node = told[0]
		} else {
			o.req.RecoveryID = told[0]
		}
		return
	}
	o.newID()
}

// abandon gives a recovery up that cannot be finished.
func (o *operator) abandon(id string) {
	if !slices.Contains(o.req.Abandon, id) {
		o.req.Abandon = append(slices.Clone(o.req.Abandon), id)
	}
	o.newID()
}

// noData is the final word that only a snapshot helps. It has to be true.
func (o *operator) noData(told string) bool {
	told, _, _ = strings.Cut(told, " has data without a vote")
	voteless := strings.Split(told[strings.LastIndex(told, "; ")+1:], ", ")
	for i := range voteless {
		voteless[i] = strings.TrimSpace(voteless[i])
	}
	for _, m := range o.machines {
		d := m.whole()
		if slices.Contains(voteless, m.key) {
			continue
		}
		if d == nil || m.key == "" || slices.Contains(o.req.Lost, m.key) || !d.kept(m.forgets()).votes(d.member) {
			continue
		}
		o.breaks(wayOn, "data-not-seen", "a snapshot is to be restored, and %s has data that etcd starts with", m.name)
		return true
	}
	o.ended = "snapshot"
	o.tally["ended: snapshot"]++
	return true
}

// correctURLs writes into a cluster where its members are.
func (o *operator) correctURLs(leader *machine) {
	o.commit(leader, false, nil, func(e *entry) {
		e.members = slices.Clone(e.members)
		for i := range e.members {
			for _, m := range o.machines {
				if m.running && m.disk.member == e.members[i].ID {
					e.members[i].PeerURLs = []string{m.url()}
				}
			}
		}
	})
}

// retire switches the machine of a member off whose place another one takes.
func (o *operator) retire(x etcd.Member, successor *machine) {
	for _, m := range o.machines {
		if m != successor && m.disk != nil && m.disk.member == x.ID && m.name == successor.name {
			m.stop(0)
			m.power, m.key, m.disk, m.unmounted = destroyed, "", nil, nil
		}
	}
	o.settle()
}

// memberAdvised does what the refusal of a join advises; false where the cluster has to be looked at as a whole again.
func (o *operator) memberAdvised(code recovery.Code, m *machine, s recovery.Survey, cluster etcd.ID) bool {
	switch code {
	case recovery.CodeUnreachable, recovery.CodeAccessRefused:
		o.bringBack(m)
	case recovery.CodePeersOutOfReach:
		for _, x := range o.machines {
			x.cut = false
		}
		o.settle()
		for _, l := range o.leaders() {
			o.correctURLs(l)
		}
	case recovery.CodeNodeNotReady, recovery.CodeManagedElsewhere, recovery.CodeDataUnknown:
		m.elsewhere = false
		o.makeReady(m)
		o.settle()
	case recovery.CodeKubeletDown:
		m.kubeletDown = false
		o.start(m)
		o.settle()
	case recovery.CodeManifestNotEditable:
		m.manifest = inPlace
	case recovery.CodeClusterBehind:
		o.putAside(s)
		return false
	case recovery.CodePlaceTaken, recovery.CodeBehindAnotherJoin:
		for _, l := range o.leaders() {
			if l.disk == nil || l.disk.tip.cluster != cluster {
				continue
			}
			for _, x := range l.disk.tip.members {
				same := x.Name == m.name || slices.Contains(x.PeerURLs, m.url())
				if l.disk == nil {
					break // it was retired itself
				}
				if code == recovery.CodePlaceTaken && same || code == recovery.CodeBehindAnotherJoin && x.Name == "" {
					o.removeMember(l, x.ID)
					if tip := tipOf(l); tip == nil || tip.member(x.ID) == nil {
						o.retire(x, m)
					} else if x.Name == m.name && code == recovery.CodePlaceTaken {
						m.name += "b" // beside the one that works
					}
				}
			}
		}
	case recovery.CodeNoQuorum, recovery.CodeOtherCluster, recovery.CodeAlarm:
		return false
	default:
		o.breaks(wellFormed, "unknown-code-"+string(code), "the model has no operator for it")
		return false
	}
	return true
}
