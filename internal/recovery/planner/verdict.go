package planner

import (
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// State is what the evidence says of the cluster as a whole.
type State string

const (
	// Alive is a cluster of which a majority answers: members can join it, and nothing may be forced.
	Alive State = "alive"
	// Startable is one without a majority now, which would have one if masters that still have their data ran etcd.
	Startable State = "startable"
	// Lost is one whose majority is gone for good, with at least one master that has data.
	Lost State = "lost"
	// Unclear is what masters of different clusters add up to, while none of them is named as the seed.
	Unclear State = "unclear"
	// Undetermined is one that may have a majority, for all that is known: nodes answer that may have data.
	Undetermined State = "undetermined"
	// Unreached is one of which members run that cannot be examined from here: it may be alive.
	Unreached State = "not reached"
	// NoData is one of which no surveyed master has anything left: a snapshot has to be restored.
	NoData State = "no data"
)

// Verdict is the state of a cluster with the count that says so.
type Verdict struct {
	State    State
	Voters   int      // of the cluster, by its furthest membership that is known
	WithData []string // nodes that hold readable data of it
	Answers  []string // nodes whose etcd answers a linearizable read
	Ahead    []string // nodes with data that the cluster that answers never had
	Unsure   []string // nodes that answer, and of which nobody can say what they have
	Unread   []string // nodes that run beside a cluster that answers, or have damaged data, and were not heard or read
	Strange  []string // nodes with data of another history than this one
	Seen     []string // members that cannot be examined from here, and that a node reaches
	Voteless []string // nodes with data of a learner, or of a member that was removed
	Beyond   []string // those of them that have committed more than any voter has
	Moved    []Seat   // members with data whose nodes are at other addresses than the cluster has recorded
	Text     string   // one sentence

	clusters int  // to choose from, where that is not clear
	stuck    bool // all that have data run, and none of them can win an election
	hidden   bool // what one of the unsure has may be on a disk that is not mounted, or is there and nobody's
}

// Judge says whether the cluster of a node is alive, or, where none is named, whether any is.
func Judge(s recovery.Survey, node string) Verdict { return takeCensus(s).judge(node) }

// judge goes by the lineage of a node; with none named by the one that there is, or that answers.
func (c *Census) judge(node string) Verdict {
	l, unclear := c.subject(node)
	v := Verdict{Voters: len(l.voters()), Seen: SeenElsewhere(c.Survey), clusters: unclear}
	if l.Told == nil {
		v.Voters = max(v.Voters, len(c.Nodes))
	}
	for _, n := range c.Nodes {
		switch {
		case n.Holds == Serves && (n.Lineage == l || n.Lineage == nil): // etcd may tell its cluster to its users alone
			v.Answers, v.WithData = append(v.Answers, n.Name), append(v.WithData, n.Name)
		case n.counts(l):
			v.WithData = append(v.WithData, n.Name)
		case n.unsure() && n.mayVote(l):
			v.Unsure = append(v.Unsure, n.Name)
		case n.Holds == HasData && n.Lineage == l:
			v.Voteless = append(v.Voteless, n.Name)
		}
	}
	for _, s := range l.voters() {
		if n := s.Node; n != nil && len(n.PeerURLs) > 0 && slices.Contains(v.WithData, n.Name) &&
			!recovery.SharesURL(n.PeerURLs, s.PeerURLs) {
			v.Moved = append(v.Moved, s)
		}
	}
	if len(v.Answers) > 0 {
		for _, n := range c.ahead(l) {
			v.Ahead = append(v.Ahead, n.Name)
			if !slices.Contains(v.WithData, n.Name) {
				v.WithData = append(v.WithData, n.Name)
			}
		}
		v.Unsure, v.Unread = c.unread()
	}
	for _, n := range c.Nodes {
		other := n.Lineage != nil && n.Lineage != l && !n.counts(l) && n.LeftBy == ""
		lost := slices.ContainsFunc(l.serving(), func(s *Node) bool {
			return s.lostWith(n) || n.forced() && n.differs(s)
		})
		if n.Holds == HasData && (other || lost) && !slices.Contains(v.Ahead, n.Name) {
			v.Strange = append(v.Strange, n.Name)
		}
	}
	v.Beyond = filter(v.Voteless, func(name string) bool { return c.beyond(name, v.WithData) })
	v.stuck = len(v.Answers) == 0 && c.stuck(v.WithData)
	v.hidden = slices.ContainsFunc(v.Unsure, func(name string) bool {
		n := c.find(name)
		return n.Unknown.Data+n.StrayData != ""
	})
	v.State = v.decide()
	v.Text = v.words(c.Survey)
	if len(v.Seen) > 0 && v.State != Alive {
		v.State, v.Text = Unreached, v.unreached()
	}
	return v
}

// stuck reports whether all of some nodes run without a leader and none of them can win an election. Raft goes by the
// membership that a member has applied itself, which is not the furthest one where its commit index was not written
// down, and nobody votes for a log that ends before its own.
func (c *Census) stuck(names []string) bool {
	var run []*Node
	for _, name := range names {
		n := c.find(name)
		if !n.Running || !n.leaderless() || len(n.KnownMembers()) == 0 {
			return false
		}
		run = append(run, n)
	}
	return !slices.ContainsFunc(run, func(n *Node) bool { return n.wins(run) })
}

// leaderless reports whether a member says that it has no leader, or answers nobody, as etcd does until it has one, and
// has applied all that it knows to be committed.
func (n *Node) leaderless() bool {
	if n.Status != nil {
		return n.Status.Leader == 0 && n.Tail != nil
	}
	return n.Disk != nil && n.Disk.Commit <= n.Disk.ConsistentIndex
}

// wins reports whether the votes of some members are enough to make one of them the leader.
func (n *Node) wins(voters []*Node) bool {
	own, _ := n.Progress()
	members, votes := n.KnownMembers(), 0
	for _, o := range voters {
		i := slices.IndexFunc(members, func(m etcd.Member) bool { return m.ID == o.Member })
		if other, _ := o.Progress(); i >= 0 && !members[i].Learner && own.Further(other) <= 0 {
			votes++
		}
	}
	return votes > CountVoters(members)/2
}

// subject is the lineage to judge, and how many there are to choose from where that is not clear. A lineage of which
// nobody tells anything is what the manifests name.
func (c *Census) subject(node string) (l *Lineage, unclear int) {
	if n := c.find(node); n != nil && n.Lineage != nil {
		return n.Lineage, 0
	}
	var serving []*Lineage
	for _, l := range c.Lineages {
		if len(l.serving()) > 0 {
			serving = append(serving, l)
		}
	}
	switch {
	case len(serving) == 1:
		return serving[0], 0
	case len(serving) > 1:
		return serving[0], len(serving)
	case len(c.Lineages) == 1:
		return c.Lineages[0], 0
	case len(c.Lineages) > 1:
		return c.Lineages[0], len(c.Lineages)
	}
	l = &Lineage{}
	c.seat(l)
	return l, 0
}

// ahead are the nodes of other lineages that have more than one that answers: it may have been founded on wiped disks,
// and theirs is what people want back. What a forced start has left behind on purpose is of the same lineage.
func (c *Census) ahead(l *Lineage) []*Node {
	var ahead []*Node
	revision := l.revision()
	for _, n := range c.Nodes {
		p, known := n.Progress()
		other := n.Lineage != nil && n.Lineage != l && n.Holds != Serves
		if knowsMore(n.Evidence) && n.Live.ClusterID == l.Cluster || other && known && p.KeptRevision > revision {
			ahead = append(ahead, n)
		}
	}
	return ahead
}

// unsure reports whether a node answers and may have data all the same. Of one without etcd's manifest it is known that
// nothing is at the usual place.
func (n *Node) unsure() bool {
	return n.Holds == Unknown && n.Reach == recovery.Reached &&
		(n.StrayData != "" || n.Unknown.Data != "" || n.Running || !n.NoManifest)
}

// counts reports whether a node's data counts towards a quorum of a lineage. What a forced start has left that was
// given up is a cluster of its own, and votes for nobody. Data that could not be judged, or that can be of more than
// one history, counts for each.
func (n *Node) counts(l *Lineage) bool {
	has := (n.Holds == HasData || n.Holds == Damaged && n.Readable) && !forsaken(n.Evidence)
	fits := n.Lineage == nil || n.Lineage == l || n.Lineage.Cluster == l.Cluster && l.agrees(n)
	return has && fits && n.mayVote(l)
}

// mayVote reports whether a node is one of the voters of a lineage, as far as anybody knows. Its own data may be older
// than its vote, so the furthest membership is heard first.
func (n *Node) mayVote(l *Lineage) bool {
	if removedFor(n.Evidence, l.survey()) != "" || n.Disk != nil && slices.Contains(n.Disk.RemovedMembers, n.Member) {
		return false
	}
	if l.Told != nil && n.Member != 0 && n.Lineage == l {
		for _, s := range l.Seats {
			if s.ID == n.Member {
				return !s.Learner
			}
		}
		return false
	}
	return !n.Learner() && (n.Disk == nil || !n.Disk.Removed)
}

// survey is the evidence on the nodes of a lineage.
func (l *Lineage) survey() recovery.Survey {
	var s recovery.Survey
	for _, n := range l.Nodes {
		s = append(s, n.Evidence)
	}
	return s
}

// decide draws the state from the numbers.
func (v Verdict) decide() State {
	quorum := v.quorum()
	switch {
	case v.clusters > 1:
		return Unclear
	case len(v.Answers) > 0:
		return Alive
	case len(v.WithData) >= quorum && v.stuck && len(v.Unsure) > 0:
		return Undetermined
	case len(v.WithData) >= quorum && v.stuck:
		return Lost
	case len(v.WithData) >= quorum:
		return Startable
	case len(v.WithData) == 0 && v.hidden:
		return Undetermined
	case len(v.Unsure) > 0 && len(v.WithData)+len(v.Unsure) >= quorum:
		return Undetermined
	case len(v.WithData) > 0:
		return Lost
	}
	return NoData
}

// quorum is how many voters the cluster needs.
func (v Verdict) quorum() int { return v.Voters/2 + 1 }

// unplaced are masters that answer, and of which nobody knows where their data would be: that is in etcd's manifest.
func unplaced(all recovery.Survey) []string {
	var names []string
	for _, e := range all {
		if e.Reach == recovery.Reached && e.DataDir == "" {
			names = append(names, e.Name)
		}
	}
	return names
}

func unexamined(all recovery.Survey) []string {
	var names []string
	for _, e := range all {
		if e.Reach != recovery.Reached {
			names = append(names, e.Name)
		}
	}
	return names
}

// removedFor goes by nodes of the same history alone: a cluster that was forced has removed the members of the one that
// it was made of.
func (c *Census) removedFor(n *Node) string {
	if n.Lineage == nil {
		return removedFor(n.Evidence, c.Survey)
	}
	return removedFor(n.Evidence, n.Lineage.survey())
}

// removedFor is the node on whose disk it stands that another one's member was removed from their cluster, "" where
// there is none. A member that is added again has another ID. What a forced start that was given up has removed counts
// for nothing.
func removedFor(e recovery.Evidence, all recovery.Survey) string {
	self, known := e.Progress()
	if !known {
		return ""
	}
	for _, o := range all {
		if o.Disk != nil && o.Name != e.Name && o.Disk.ClusterID == self.Cluster && !forsaken(o) &&
			slices.Contains(o.Disk.RemovedMembers, self.Member) {
			return o.Name
		}
	}
	return ""
}

// forcing is true of a master on which a recovery has begun to force a new cluster and has not finished.
func forcing(e recovery.Evidence) bool {
	return slices.ContainsFunc(e.Journals, func(j recovery.Journal) bool {
		return j.Operation == recovery.OperationSeed && j.Open() && j.Reached(recovery.PhaseForcing)
	})
}

// forsaken is true of a node on which a forced start was begun by a recovery that was given up since, and whose data is
// still what that has left.
func forsaken(e recovery.Evidence) bool {
	if e.KnowsOthers() {
		return false
	}
	return slices.ContainsFunc(e.Journals, func(j recovery.Journal) bool {
		return j.Operation == recovery.OperationSeed && j.Phase == recovery.PhaseAbandoned &&
			j.Reached(recovery.PhaseForcing) && !e.Outlived(&j)
	})
}

// forcedInVain is true of a node with data that such a start has left.
func forcedInVain(e recovery.Evidence) bool { return e.Readable && forsaken(e) }

// namedInManifests are the members that the manifests and the survey speak of, for a cluster of which no member and no
// disk can be asked.
func namedInManifests(all recovery.Survey) []etcd.Member {
	var members []etcd.Member
	add := func(m etcd.Member) {
		if !slices.ContainsFunc(
			members,
			func(have etcd.Member) bool {
				return have.Name == m.Name || recovery.SharesURL(have.PeerURLs, m.PeerURLs)
			},
		) {
			members = append(members, m)
		}
	}
	for _, e := range all {
		if e.MemberName != "" {
			add(etcd.Member{Name: e.MemberName, PeerURLs: e.PeerURLs})
		}
	}
	for _, e := range all {
		for _, m := range e.InitialCluster() {
			add(m)
		}
	}
	return members
}

func CountVoters(members []etcd.Member) int {
	voters := 0
	for _, m := range members {
		if !m.Learner {
			voters++
		}
	}
	return voters
}
