package situation

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
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
		o.surveyAt(r.Found)
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
		o.checkStartable(r.Found)
		o.startAll(s, r.Next)
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
			if e.StrayData+e.Unknown.Data != "" {
				o.makeReady(o.find(e.Name))
				repaired = true
			}
		}
		if !repaired {
			o.giveUp(r)
			return o.another(s)
		}
	case recovery.CodeSeedDamaged, recovery.CodeSeedLearner, recovery.CodeSeedRemoved:
		if len(o.req.Abandon) > 0 && strings.Contains(r.Next, "out of abandon") {
			o.req.RecoveryID, o.req.Node, o.req.Abandon = o.req.Abandon[0], "", nil
			o.taken[o.req.RecoveryID] = true
			return false
		}
		o.giveUp(r)
		if o.movesAway(r.Next) {
			break
		}
		return o.another(s)
	case recovery.CodeImageTooOld, recovery.CodeCommitBehind:
		for _, m := range o.machines {
			m.image = 2
		}
	case recovery.CodeMustRunFirst:
		_, name, _ := strings.Cut(r.Found, "does not run on ")
		name, _, _ = strings.Cut(name, ",")
		o.runFirst(o.find(name))
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
	case missing: // where it is read, and starts nothing
		m.manifest, m.elsewhere, m.bare = parked, false, false
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
				case gone && k.ID != 0:
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

// surveyAt does the same for those that a refusal tells and no node's data does, since a manifest alone names them.
func (o *operator) surveyAt(found string) {
	for _, u := range regexp.MustCompile(`https://[0-9.:]+`).FindAllString(found, -1) {
		switch m := o.at(addrOf(u)); {
		case slices.Contains(o.req.Lost, u):
		case m == nil || m.power == destroyed:
			o.req.Lost = append(slices.Clone(o.req.Lost), u)
		case m.key == "":
			m.key = o.freeKey(m.name)
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

// startAll starts etcd on the nodes that are named.
func (o *operator) startAll(s recovery.Survey, told string) {
	for _, m := range o.machines {
		_, line, named := strings.Cut(told, "\n  "+m.key+": ")
		if reach, _, _ := m.reach(); reach != recovery.Reached || !named {
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
		if line, _, _ = strings.Cut(line, "\n"); strings.Contains(line, "told it that it was removed") {
			o.askAfter(m)
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
		there := o.at(addr)
		if there != nil && there.key == "" && !there.running { // the machine whose place it has taken
			there.power, there.disk, there.unmounted = destroyed, nil, nil
		}
		if there == nil || there.power == destroyed {
			m.addr = addr
		}
	}
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
	o.askAfter(m)
	o.start(m)
}

// askAfter ends the member that has told another one that it was removed; one that was not surveyed is.
func (o *operator) askAfter(m *machine) {
	for _, x := range o.machines {
		if m.lastWords != removedWords || x == m || !x.running || m.disk == nil || !tells(x, m) {
			continue
		}
		if x.key == "" {
			x.key = o.freeKey(x.name)
			continue
		}
		x.stop(0)
		x.park()
	}
}

// follow goes on with another recovery, or with another seed, as it is told.
func (o *operator) follow(code recovery.Code, r *recovery.Refusal) {
	if again := quotedIn(r.Next, "abandon = ["); len(again) > 0 {
		if (o.tries(again[0]) > 1 || code == recovery.CodeOtherSeed && o.gives) && !o.taken[again[0]] {
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

// giveUp gives this recovery up where that is the way to another seed.
func (o *operator) giveUp(r *recovery.Refusal) {
	again := quotedIn(r.Next, "abandon = [")
	if len(again) == 0 {
		return
	}
	o.abandon(again[0])
	for _, m := range o.machines {
		if m.seedJournal(again[0]) != nil {
			o.unfit[m.key] = true
		}
	}
}

// movesAway moves the data away that says of the seed's member that it was removed, where there is no other seed.
func (o *operator) movesAway(next string) bool {
	_, by, told := strings.Cut(next, "move the data on ")
	node := o.req.Node
	if !told || node == "" {
		return false
	}
	o.unfit[node] = true
	if o.best() != nil {
		return false
	}
	delete(o.unfit, node)
	by, _, _ = strings.Cut(by, " ")
	m := o.find(by)
	m.stop(0)
	m.park()
	o.forget(m, o.find(node).disk.tip)
	return true
}

// abandon gives a recovery up that cannot be finished. One that was taken up again is not given up a second time.
func (o *operator) abandon(id string) {
	if o.taken[id] {
		return
	}
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
