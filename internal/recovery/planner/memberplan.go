package planner

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// MemberPlan is all that a join will do. It follows from the evidence and the cluster to join alone.
type MemberPlan struct {
	Node     string
	Evidence recovery.Evidence
	Cluster  recovery.Cluster // to be joined; its members at this member's turn, where AnyOrder is false
	AnyOrder bool             // other members may join first: who is there at this member's turn is not known yet

	Healthy      bool     // it is a voter already, and nothing will be done
	Resumes      string   // where a join goes on that was broken off; "" for a new one
	Managers     []string // controllers that have to be paused before
	Manifest     string   // what will stand in Evidence.ManifestPath; "" while it is not known
	OldData      string
	OldWAL       string
	ManifestPath string
}

// DecideMember turns evidence into a plan, or into a refusal that changes nothing.
func DecideMember(e recovery.Evidence, join recovery.Cluster, anyOrder bool) (_ *MemberPlan, err error) {
	defer func() { err = recovery.AfterEarlier(err, Begun(e).Stands(e.Parked)) }()
	n := takeCensus(recovery.Survey{e}).Nodes[0]
	e = n.Evidence
	p := &MemberPlan{Node: e.Name, Evidence: e, AnyOrder: anyOrder, ManifestPath: e.ManifestPath}
	if err := n.examined(); err != nil {
		return nil, err
	}
	if e.Twin != "" {
		return nil, memberTwice("node", e, e.Twin, oneMemberOnTwo(e.Name, e.Twin, e.Status.MemberID))
	}
	if join.Is(e.Live) && len(e.Live.Twins) > 0 {
		return nil, clusterTwice(e)
	}
	begun := Begun(e)
	if begun != nil {
		p.Resumes = goesOnAfter(e, begun)
	}
	places := e.PlacesOf(begun)
	p.OldData, p.OldWAL = places.Data, places.WAL
	members := withoutSelf(e, join.Members)
	if join.Is(e.Live) {
		p.Healthy = healthy(e)
		others := slices.DeleteFunc(
			slices.Clone(e.Live.Members),
			func(m etcd.Member) bool { return !m.Started() && !e.IsMember(m) && joinsFirst(m, join, anyOrder) },
		)
		if err := checkPlace(e, others); err != nil && !p.Healthy {
			return nil, err
		}
		join.ID = e.Live.ClusterID.String()
		for _, m := range withoutSelf(e, MembersOf(e.Live.Members)) {
			// One of that name is the same, whose address the recovery puts right before: etcd takes a name once.
			if !slices.ContainsFunc(members, func(have manifest.Member) bool {
				return recovery.SharesURL(have.PeerURLs, m.PeerURLs) || have.Name != "" && have.Name == m.Name
			}) {
				members = append(members, m)
			}
		}
		if surpasses(e) {
			return nil, foundedAnew([]string{e.Name}, nil, nil)
		}
		if err := checkPeers(e, join); err != nil && !p.Healthy {
			return nil, err
		}
	}
	p.Cluster = recovery.Cluster{ID: join.ID, Members: SortMembers(members)}
	if p.Healthy {
		p.Manifest, p.OldData, p.OldWAL = e.Manifest, "", ""
		if begun != nil && begun.Places.Whole {
			p.OldData, p.OldWAL = begun.Places.Data, begun.Places.WAL
		}
		return p, nil
	}
	p.Managers = managersOf(e)
	if err := e.Kubelet.Check(e.Name, "node"); err != nil {
		return nil, err
	}
	if anyOrder {
		return p, nil
	}
	text, err := manifest.Join([]byte(e.Manifest), manifest.InitialCluster(manifest.Joined(e.Self(), members)))
	if err != nil {
		return nil, manifestNotEditable(e, "node", err)
	}
	p.Manifest = string(text)
	return p, nil
}

// examined refuses a node of which it is not known what would be changed.
func (n *Node) examined() error {
	e := n.Evidence
	switch {
	case e.Reach == recovery.Silent:
		return joinerUnreachable(e)
	case e.Reach == recovery.Refused && len(e.Elsewhere()) == 0:
		return accessRefused([]recovery.Evidence{e}, "node")
	case n.Holds == Unknown && e.StrayData != "" && len(e.Elsewhere()) == 0:
		return joinerUnknown(e)
	case e.Reach == recovery.Refused, len(e.Problems) > 0:
		r, _ := recovery.IsRefusal(nodeProblem(e))
		own := *r
		own.Attribute = "node"
		return &own
	case n.Holds == Unknown && e.Unknown.Data != "":
		return joinerUnknown(e)
	}
	return nil
}

// surpasses reports whether a node has data that the cluster which answers never had: of two clusters the one with
// fewer writes is the one that was founded on an empty folder.
func surpasses(e recovery.Evidence) bool {
	p, known := e.Progress()
	other := (e.Readable || e.Quorum) && known && p.Cluster != 0 && (p.Cluster != e.Live.ClusterID || apartFrom(e))
	return other && p.KeptRevision > e.Live.Revision || knowsMore(e)
}

// apartFrom reports whether a node's data is of a cluster that has the ID of the one which answers and none of its
// other members. One from which a cluster was grown on purpose stays a member of that.
func apartFrom(e recovery.Evidence) bool {
	members, own := e.KnownMembers(), memberOf(e)
	return len(members) > 0 && !slices.ContainsFunc(members, func(m etcd.Member) bool {
		return m.ID != own && e.Live.Lists(m.ID)
	})
}

// checkPeers refuses a cluster that the new member could not reach: etcd goes by the peer URLs in the member list, not
// by where its members really are. A cluster that will be another one by this node's turn, since a recovery changes
// it first, is looked at then.
func checkPeers(e recovery.Evidence, join recovery.Cluster) error {
	if !asItIs(join, e.Live) {
		return nil
	}
	answers, asked := false, 0
	for _, m := range e.Live.Members {
		if e.IsMember(m) {
			continue
		}
		for _, u := range m.PeerURLs {
			if isLoopback(u) && !slices.ContainsFunc(e.PeerURLs, isLoopback) {
				return recordedAtLoopback(e, m.Label(), u)
			}
			for _, p := range e.Peers {
				if p.URL == u {
					asked++
					answers = answers || p.Answers
				}
			}
		}
	}
	if asked > 0 && !answers {
		return peersOutOfReach(e)
	}
	return nil
}

// asItIs reports whether the cluster to join is planned with the members that it has.
func asItIs(join recovery.Cluster, live *recovery.Live) bool {
	if len(join.Members) == 0 {
		return true
	}
	return len(join.Members) == len(live.Members) && !slices.ContainsFunc(live.Members, func(m etcd.Member) bool {
		return !slices.ContainsFunc(join.Members, func(have manifest.Member) bool {
			return recovery.SharesURL(have.PeerURLs, m.PeerURLs)
		})
	})
}

func isLoopback(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && (ip.IsLoopback() || ip.IsUnspecified())
}

// healthy is a node whose etcd is a started voter of the cluster that answers. One that was forced by hand serves a
// cluster of its own with the ID of that.
func healthy(e recovery.Evidence) bool {
	return e.Quorum && e.Within(e.Live) && !e.Status.Learner && e.Parked == "" && len(e.Alarms) == 0 && e.Twin == ""
}

// joinsFirst tells of a member that was added and has not started whether it may have by this master's turn: its own
// join was broken off, and goes on in the same apply. A plan for that has its name. When the turn has come it is looked
// at again.
func joinsFirst(m etcd.Member, join recovery.Cluster, anyOrder bool) bool {
	return anyOrder ||
		slices.ContainsFunc(
			join.Members,
			func(before manifest.Member) bool {
				return before.Name != "" && recovery.SharesURL(before.PeerURLs, m.PeerURLs)
			},
		)
}

// checkPlace refuses a master whose manifest claims the name or the peer URL of another master's member.
func checkPlace(e recovery.Evidence, members []etcd.Member) error {
	for _, m := range members {
		if !m.Started() && !e.IsMember(m) {
			return notStarted(m)
		}
		byName, byURL := m.Name != "" && m.Name == e.MemberName, recovery.SharesURL(m.PeerURLs, e.PeerURLs)
		if byName != byURL && m.Name != "" {
			return placeTaken(e, m, byName)
		}
	}
	return nil
}

func MembersOf(list []etcd.Member) []manifest.Member {
	var all []manifest.Member
	for _, m := range list {
		all = append(all, manifest.Member{Name: m.Name, PeerURLs: m.PeerURLs})
	}
	return all
}

func withoutSelf(e recovery.Evidence, list []manifest.Member) []manifest.Member {
	return slices.DeleteFunc(slices.Clone(list), e.Self().Is)
}

func SortMembers(list []manifest.Member) []manifest.Member {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b manifest.Member) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Joined is the cluster as it will be after the plan.
func (p *MemberPlan) Joined() recovery.Cluster {
	return recovery.Cluster{ID: p.Cluster.ID, Members: manifest.Joined(p.Evidence.Self(), p.Cluster.Members)}
}

// Begun is the join that goes on on a master, nil for none.
func Begun(e recovery.Evidence) *recovery.Journal { return join(e, (*recovery.Journal).Open) }

// Spent is a join that was never ended, and whose data has had another life since; nil for none.
func Spent(e recovery.Evidence) *recovery.Journal {
	return join(e, func(j *recovery.Journal) bool { return j.Unended() && !j.Open() })
}

// ToFinish tells of a master whether all that is left of a join is to check the end state.
func ToFinish(e recovery.Evidence, cluster string) bool {
	voter, _, _ := Standing(e, cluster, "")
	return e.Reach == recovery.Reached && len(e.Problems) == 0 && voter && Unfinished(e)
}

// HalfJoined tells of a master that was stopped for a join which was broken off, and that is no voter yet, whether the
// join can go on now: its cluster answers.
func HalfJoined(e recovery.Evidence, cluster string) bool {
	begun := Begun(e)
	answers := e.Live != nil && (cluster == "" || e.Live.ClusterID.String() == cluster)
	if !answers || len(e.Problems) > 0 || e.Quorum || begun == nil || begun.Reached(recovery.PhaseVoter) {
		return false
	}
	promoted := slices.ContainsFunc(e.Live.Members, func(m etcd.Member) bool {
		return !m.Learner && m.ID.String() == begun.Learner
	})
	return !promoted && (begun.Reached(recovery.PhaseMoving) || e.Parked != "")
}

// Unfinished tells whether a join goes on on a master.
func Unfinished(e recovery.Evidence) bool { return Begun(e) != nil }

// join is the first join on a master that is so. One that was begun before a cluster was grown from this very master is
// of the cluster before.
func join(e recovery.Evidence, is func(*recovery.Journal) bool) *recovery.Journal {
	e = e.Counted()
	past := LastSeed(e)
	for i := range e.Journals {
		j := &e.Journals[i]
		if j.Operation == recovery.OperationMember && is(j) && (past == nil || j.Started.After(past.Ended)) {
			return j
		}
	}
	return nil
}
