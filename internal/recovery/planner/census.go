package planner

import (
	"cmp"
	"net/netip"
	"net/url"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Holding is what a node has of a member.
type Holding string

const (
	// Serves is a member that answers a linearizable read.
	Serves Holding = "serves"
	// HasData is one with a log and a database.
	HasData Holding = "has data"
	// Damaged is one whose data etcd does not start with.
	Damaged Holding = "damaged"
	// Empty is one whose data is proved to be gone.
	Empty Holding = "empty"
	// Unknown is one of which nobody can say what it has: absence is not proof.
	Unknown Holding = "unknown"
)

// Node is a surveyed node with what follows from the evidence on it.
type Node struct {
	recovery.Evidence
	Holds   Holding
	Why     string   // of Damaged, Empty and Unknown
	Member  etcd.ID  // whose data it has, 0 where that is not known
	Lineage *Lineage // its data is of, nil where that is not known
	kin     []*Node  // itself, those whose logs are proved to be in its own, and those of one quorum with it
}

// Lineage is one history of data. Two lineages are two clusters, even where they have the same ID.
type Lineage struct {
	Cluster etcd.ID
	Fork    string // the first node with this history, where the cluster's ID does not tell it from another one
	Seats   []Seat // the furthest membership that is known
	Told    *Node  // the node whose member or disk says so, nil where it is what the manifests name
	Nodes   []*Node
}

// Seat is a member of a lineage, and the node that is that member.
type Seat struct {
	etcd.Member
	Node *Node // nil where none of the surveyed nodes is
}

// Census is who is who: the lineages of data, and which node is which member of them.
type Census struct {
	Survey   recovery.Survey
	Nodes    []*Node
	Lineages []*Lineage // in the order of the nodes
}

// takeCensus counts once what everything else goes by.
func takeCensus(s recovery.Survey) *Census {
	s = s.Counted()
	c := &Census{Survey: s}
	for _, e := range s {
		n := &Node{Evidence: e, Member: memberOf(e)}
		n.Holds, n.Why = holding(e)
		c.Nodes = append(c.Nodes, n)
	}
	for _, n := range c.Nodes {
		n.kin = filterNodes(c.Nodes, func(o *Node) bool {
			return o == n || sameLog(o, n) && !o.goesBeyond(n) || n.servesWith(o)
		})
	}
	for _, n := range c.Nodes {
		if id := n.Cluster(); id != 0 {
			n.Lineage = c.lineage(id, n)
			n.Lineage.Nodes = append(n.Lineage.Nodes, n)
		}
	}
	for _, l := range c.Lineages {
		c.seat(l)
	}
	return c
}

// holding is what a node has, by what was seen and never by what was not.
func holding(e recovery.Evidence) (Holding, string) {
	switch {
	case e.Reach != recovery.Reached:
		return Unknown, e.ReachError
	case e.Quorum:
		return Serves, ""
	case e.Damage != "":
		return Damaged, e.Damage
	case e.Readable:
		return HasData, ""
	case e.Unknown.Data != "":
		return Unknown, e.Unknown.Data
	case e.StrayData != "":
		return Unknown, isStray(e.StrayData)
	case e.Bare:
		return Empty, isBare
	case e.DataDir == "":
		return Unknown, cmp.Or(append(slices.Clone(e.Problems), isNotFound)...)
	case e.Empty, e.Foreign != "":
		return Empty, noData(e)
	}
	return Damaged, noData(e)
}

// memberOf is the member whose data a node has.
func memberOf(e recovery.Evidence) etcd.ID {
	switch {
	case e.Status != nil:
		return e.Status.MemberID
	case e.Disk != nil:
		return e.Disk.MemberID
	}
	return 0
}

// lineage finds the one of that cluster whose history a node's data can be of, or makes one.
func (c *Census) lineage(id etcd.ID, n *Node) *Lineage {
	if i := slices.IndexFunc(c.Lineages, func(l *Lineage) bool {
		return slices.ContainsFunc(l.Nodes, n.servesWith)
	}); i >= 0 {
		return c.Lineages[i]
	}
	fork, split := c.fork(n), false
	for _, l := range c.Lineages {
		if l.Cluster == id && l.Fork == fork && l.agrees(n) {
			return l
		}
		split = split || l.Cluster == id && l.Fork == ""
	}
	if split {
		fork = n.Name
	}
	l := &Lineage{Cluster: id, Fork: fork}
	c.Lineages = append(c.Lineages, l)
	return l
}

// agrees reports whether a node's data can be of one history with that of all nodes of a lineage, and so can the logs
// that are proved to be part of its own or of theirs.
func (l *Lineage) agrees(n *Node) bool {
	return !slices.ContainsFunc(l.Nodes, func(o *Node) bool {
		return !sameLog(o, n) && dataConflict(o, n) != nil || slices.ContainsFunc(o.kin, func(a *Node) bool {
			return slices.ContainsFunc(n.kin, func(b *Node) bool { return !sameLog(a, b) && logsConflict(a, b) != nil })
		})
	})
}

// servesWith reports whether two nodes answer as members of one cluster.
func (n *Node) servesWith(o *Node) bool {
	return n.Member != o.Member && n.Holds == Serves && o.Holds == Serves && n.Cluster() == o.Cluster() &&
		lists(n.Members, o.Member) && lists(o.Members, n.Member)
}

// goesBeyond reports whether a node's log ends after that of another one.
func (n *Node) goesBeyond(o *Node) bool {
	p, _ := n.Progress()
	q, _ := o.Progress()
	return p.Last > q.Last
}

func filterNodes(nodes []*Node, keep func(*Node) bool) []*Node {
	return slices.DeleteFunc(slices.Clone(nodes), func(n *Node) bool { return !keep(n) })
}

// fork names the node itself where its history cannot be that of the others with the same cluster ID, "" where it can.
// Masters that were restored from one snapshot, or that have founded their cluster anew on wiped disks, have the IDs of
// the others and another past.
func (c *Census) fork(n *Node) string {
	if knowsMore(n.Evidence) && n.Cluster() == n.Live.ClusterID {
		return n.Name
	}
	for _, o := range c.Nodes {
		if o != n && n.twin(o) {
			return n.Name
		}
	}
	return ""
}

// twin reports whether two nodes claim to be one member, or serve as clusters that do not have one another.
func (n *Node) twin(o *Node) bool {
	if n.Cluster() != o.Cluster() || n.Cluster() == 0 {
		return false
	}
	if n.Member != 0 && n.Member == o.Member {
		return true
	}
	return n.Quorum && o.Quorum && n.Member != 0 && o.Member != 0 &&
		(!lists(n.Members, o.Member) || !lists(o.Members, n.Member))
}

func lists(members []etcd.Member, id etcd.ID) bool {
	return slices.ContainsFunc(members, func(m etcd.Member) bool { return m.ID == id })
}

// seat finds the furthest membership of a lineage, and the node of each member.
func (c *Census) seat(l *Lineage) {
	var best *Node
	for _, n := range l.Nodes {
		if len(known(n)) > 0 && (best == nil || n.knowsLater(best)) {
			best = n
		}
	}
	if l.Told = best; best != nil {
		for _, m := range known(best) {
			l.Seats = append(l.Seats, Seat{Member: m})
		}
	} else {
		for _, m := range namedInManifests(c.Survey) {
			l.Seats = append(l.Seats, Seat{Member: m})
		}
	}
	taken := map[*Node]bool{}
	for _, is := range []func(*Node, Seat) bool{l.byID, l.byURL, byAddress} {
		for i := range l.Seats {
			for _, n := range c.Nodes {
				if l.Seats[i].Node == nil && !taken[n] && is(n, l.Seats[i]) {
					l.Seats[i].Node, taken[n] = n, true
				}
			}
		}
	}
}

// known is the membership that a node tells, nil where it tells none that counts. A node on which a forced start was
// begun and not finished knows itself alone; one that was removed knows the cluster as it was after that.
func known(n *Node) []etcd.Member {
	switch {
	case (forcing(n.Evidence) || forsaken(n.Evidence)) && !n.Quorum:
		return nil
	case CountVoters(n.KnownMembers()) == 0:
		return nil
	}
	return n.KnownMembers()
}

// knowsLater reports whether a node's membership is the later one: a quorum's is the last, and of two others the one
// that has removed a member of the other, or has one of which the other never heard, then the one that goes by more
// applied entries.
func (n *Node) knowsLater(o *Node) bool {
	if n.Quorum != o.Quorum {
		return n.Quorum
	}
	if a, b := n.hasRemoved(known(o)), o.hasRemoved(known(n)); a != b {
		return a
	}
	if a, b := o.neverKnew(known(n)), n.neverKnew(known(o)); a != b {
		return a
	}
	if a, b := n.applied(), o.applied(); a != b {
		return a > b
	}
	p, _ := n.Progress()
	q, _ := o.Progress()
	return p.Further(q) < 0
}

func (n *Node) applied() uint64 {
	switch {
	case n.Status != nil:
		return n.Status.AppliedIndex
	case n.Disk != nil:
		return n.Disk.ConsistentIndex
	}
	return 0
}

// hasRemoved reports whether a node knows that one of these members was removed. A member that is added again has
// another ID.
func (n *Node) hasRemoved(members []etcd.Member) bool {
	_, removed, _ := n.past()
	return slices.ContainsFunc(members, func(m etcd.Member) bool { return slices.Contains(removed, m.ID) })
}

// past are the members that a node's data has, and those that were removed from it; only a disk tells the latter.
func (n *Node) past() (members []etcd.Member, removed []etcd.ID, told bool) {
	switch {
	case n.Disk != nil:
		return n.Disk.Members, n.Disk.RemovedMembers, true
	case n.Learner() && len(n.Members) > 0:
		return n.Members, n.Removed, true
	}
	return nil, nil, false
}

// neverKnew reports whether a node has neither had nor removed one of these members: they are of a time after its own.
func (n *Node) neverKnew(members []etcd.Member) bool {
	have, removed, told := n.past()
	return told && slices.ContainsFunc(members, func(m etcd.Member) bool {
		return m.ID != 0 && !lists(have, m.ID) && !slices.Contains(removed, m.ID)
	})
}

// byID tells a node by whose data it has.
func (l *Lineage) byID(n *Node, s Seat) bool { return n.Lineage == l && s.ID != 0 && n.Member == s.ID }

// byURL tells a node by where its manifest says that others reach it.
func (l *Lineage) byURL(n *Node, s Seat) bool {
	return recovery.SharesURL(n.PeerURLs, s.PeerURLs) || l.Told == nil && n.MemberName != "" && n.MemberName == s.Name
}

// byAddress tells a node by the addresses that it has itself, or that SSH was given.
func byAddress(n *Node, s Seat) bool {
	if n.MemberName != "" { // its manifest says where it is
		return false
	}
	return slices.ContainsFunc(s.PeerURLs, func(text string) bool { return atAddress(n.Evidence, hostOf(text)) })
}

// hostOf is the host in a URL, "" where there is none.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func atAddress(e recovery.Evidence, host string) bool {
	ip, err := netip.ParseAddr(host)
	return slices.ContainsFunc(append(slices.Clone(e.Addresses), e.Host), func(a string) bool {
		own, bad := netip.ParseAddr(a)
		return a != "" && a == host || err == nil && bad == nil && own.Unmap() == ip.Unmap()
	})
}

// knows says who knows the furthest membership: a node, or, where no data tells, a manifest.
func (l *Lineage) knows() string {
	switch {
	case l == nil:
		return ""
	case l.Told != nil:
		return l.Told.Name
	}
	return "a manifest"
}

// all are the nodes with data of a lineage; none of one that is not known.
func (l *Lineage) all() []*Node {
	if l == nil {
		return nil
	}
	return l.Nodes
}

// voters are the seats that count for a quorum.
func (l *Lineage) voters() []Seat {
	return slices.DeleteFunc(slices.Clone(l.Seats), func(s Seat) bool { return s.Learner })
}

// serving are the nodes of a lineage whose etcd answers in a quorum.
func (l *Lineage) serving() []*Node {
	return slices.DeleteFunc(slices.Clone(l.Nodes), func(n *Node) bool { return n.Holds != Serves })
}

// revision is the furthest that any node of the lineage has, at most.
func (l *Lineage) revision() int64 {
	var most int64
	for _, n := range l.Nodes {
		if p, ok := n.Progress(); ok {
			most = max(most, p.KeptRevision)
		}
	}
	return most
}

// find returns a node by its name, nil where it was not surveyed.
func (c *Census) find(name string) *Node {
	for _, n := range c.Nodes {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// unplacedSeats are the members of a lineage that none of the surveyed nodes proves to be. A node that was not examined
// stands for the one of its name where SSH was given the address that the member has; spare are those that stand for
// none.
func (c *Census) unplacedSeats(l *Lineage, lost []string) (open []Seat, spare []*Node) {
	for _, s := range l.Seats {
		if s.Node == nil && !givenUp(s.Member, lost) {
			open = append(open, s)
		}
	}
	for _, n := range c.Nodes {
		if n.MemberName == "" && n.Reach != recovery.Reached &&
			!slices.ContainsFunc(l.Seats, func(s Seat) bool { return s.Node == n }) {
			spare = append(spare, n)
		}
	}
	open = slices.DeleteFunc(open, func(s Seat) bool {
		i := slices.IndexFunc(spare, func(n *Node) bool { return n.Name == s.Name && byAddress(n, s) })
		if i >= 0 {
			spare = slices.Delete(spare, i, i+1)
		}
		return i >= 0
	})
	return open, spare
}

// reached reports whether a node reaches the etcd of a member.
func (c *Census) reached(s Seat) bool {
	return slices.ContainsFunc(c.Nodes, func(n *Node) bool {
		return slices.ContainsFunc(n.Peers, func(p recovery.Peer) bool {
			return p.Answers && slices.Contains(s.PeerURLs, p.URL)
		})
	})
}

// givenUp reports whether a member is named among the nodes that are given up: by its own name, ID or peer URL.
func givenUp(m etcd.Member, lost []string) bool {
	return slices.ContainsFunc(lost, func(name string) bool {
		return name == m.ID.String() || slices.Contains(m.PeerURLs, name)
	})
}
