package recovery

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
)

// MemberPlan is all that a join will do. It follows from the evidence and the cluster to join alone.
type MemberPlan struct {
	Node     string
	Evidence Evidence
	Cluster  Cluster // to be joined; its members at this member's turn, where AnyOrder is false
	AnyOrder bool    // other members may join first: who is there at this member's turn is not known yet

	Healthy      bool     // it is a voter already, and nothing will be done
	Resumes      string   // where a join goes on that was broken off; "" for a new one
	Managers     []string // controllers that have to be paused before
	Manifest     string   // what will stand in Evidence.ManifestPath; "" while it is not known
	OldData      string
	OldWAL       string
	ManifestPath string
}

// DecideMember turns evidence into a plan, or into a refusal that changes nothing.
func DecideMember(e Evidence, join Cluster, anyOrder bool) (_ *MemberPlan, err error) {
	defer func() { err = afterEarlier(err, e.begun().stands(e.Parked)) }()
	p := &MemberPlan{Node: e.Name, Evidence: e, AnyOrder: anyOrder, ManifestPath: e.ManifestPath}
	switch {
	case e.Reach == Silent:
		return nil, &Refusal{
			Code:      CodeUnreachable,
			Title:     "The Master Does Not Answer",
			Attribute: "node",
			Found:     fmt.Sprintf("%s: %s.", e.Name, e.ReachError),
			Next:      fmt.Sprintf("bring %s back, or leave its etcdrecovery_member out of this apply.", e.Name),
		}
	case e.Reach == Refused && len(e.elsewhere()) == 0:
		return nil, &Refusal{
			Code:      CodeAccessRefused,
			Title:     "A Master Cannot Be Examined",
			Attribute: "node",
			Found:     fmt.Sprintf("%s cannot be examined: %s.", e.Name, e.ReachError),
			Next:      "put this access right, then plan again.",
		}
	case e.Reach == Refused, len(e.Problems) > 0:
		r, _ := IsRefusal(masterProblem(e))
		own := *r
		own.Attribute = "node"
		return nil, &own
	}
	begun := e.begun()
	if begun != nil {
		p.Resumes = "the join of " + e.Name + " " + begun.stopped()
	}
	if p.OldData, p.OldWAL = begun.places(e); e.Empty && begun.mark(markKeepData) == "" {
		p.OldData, p.OldWAL = "", "" // there is nothing to keep
	}
	members := withoutSelf(e, join.Members)
	if join.is(e.Live) {
		p.Healthy = healthy(e, e.Live.ClusterID)
		others := slices.DeleteFunc(
			slices.Clone(e.Live.Members),
			func(m etcd.Member) bool { return !m.Started() && !e.isMember(m) && joinsFirst(m, join, anyOrder) },
		)
		if err := checkPlace(e, others); err != nil && !p.Healthy {
			return nil, err
		}
		join.ID = e.Live.ClusterID.String()
		for _, m := range withoutSelf(e, membersOf(e.Live.Members)) {
			if !slices.ContainsFunc(
				members,
				func(have manifest.Member) bool { return sharesURL(have.PeerURLs, m.PeerURLs) },
			) {
				members = append(members, m)
			}
		}
		// Of two clusters the one with fewer writes is the one that was founded on an empty folder.
		foreign := !e.Quorum && e.Readable && e.Status != nil && e.Status.ClusterID != e.Live.ClusterID &&
			e.Status.Revision > e.Live.Revision
		if foreign || e.knowsMore() {
			return nil, foundedAnew([]string{e.Name}, nil, nil)
		}
	}
	p.Cluster = Cluster{ID: join.ID, Members: sortMembers(members)}
	if p.Healthy {
		p.Manifest, p.OldData, p.OldWAL = e.Manifest, begun.mark(markOldData), begun.mark(markOldWAL)
		return p, nil
	}
	p.Managers = managersOf(e)
	if err := e.Kubelet.check(e.Name, "node"); err != nil {
		return nil, err
	}
	if anyOrder {
		return p, nil
	}
	text, err := manifest.Join([]byte(e.Manifest), manifest.InitialCluster(manifest.Joined(e.self(), members)))
	if err != nil {
		return nil, &Refusal{
			Code:      CodeManifestNotEditable,
			Title:     "Manifest Cannot Be Edited",
			Attribute: "node",
			Found:     fmt.Sprintf("%s on %s: %v", e.ManifestPath, e.Name, err),
			Next:      "bring the manifest into a shape as kubeadm writes it, then plan again.",
		}
	}
	p.Manifest = string(text)
	return p, nil
}

// healthy is a master whose etcd is a started voter of a cluster with a quorum.
func healthy(e Evidence, cluster etcd.ID) bool {
	return e.Quorum && e.Status != nil && !e.Status.Learner && e.Status.ClusterID == cluster && e.Parked == "" &&
		len(e.Alarms) == 0
}

// joinsFirst tells of a member that was added and has not started whether it may have by this master's turn: its own
// join was broken off, and goes on in the same apply. A plan for that has its name. When the turn has come it is looked
// at again.
func joinsFirst(m etcd.Member, join Cluster, anyOrder bool) bool {
	return anyOrder ||
		slices.ContainsFunc(
			join.Members,
			func(before manifest.Member) bool { return before.Name != "" && sharesURL(before.PeerURLs, m.PeerURLs) },
		)
}

// checkPlace refuses a master whose manifest claims the name or the peer URL of another master's member.
func checkPlace(e Evidence, members []etcd.Member) error {
	for _, m := range members {
		if !m.Started() && !e.isMember(m) {
			return &Refusal{
				Code:      CodeBehindAnotherJoin,
				Title:     "Another Member Has Not Started",
				Attribute: "join",
				Found: fmt.Sprintf(
					"member %s at %s was added to the cluster and has never started. Members join one at a time.",
					m.ID,
					strings.Join(m.PeerURLs, ","),
				),
				Next: fmt.Sprintf(
					"let its join finish first, or remove it if it is a left-over (etcdctl member remove %s), then "+
						"plan again.",
					m.ID,
				),
			}
		}
		byName, byURL := m.Name != "" && m.Name == e.MemberName, sharesURL(m.PeerURLs, e.PeerURLs)
		if byName == byURL || m.Name == "" {
			continue
		}
		next := "put the manifest right: it seems to be copied from that master."
		if byName {
			next = fmt.Sprintf(
				"put the manifest right if the address is wrong. If the master has a new address for good, remove "+
					"its old member first (etcdctl member remove %s), then plan again.",
				m.ID,
			)
		}
		return &Refusal{
			Code:      CodePlaceTaken,
			Title:     "Name and Peer URL Do Not Match",
			Attribute: "node",
			Found: fmt.Sprintf(
				"the manifest of %s says --name=%s and --initial-advertise-peer-urls=%s; the cluster has member %s "+
					"(%s) at %s.",
				e.Name,
				e.MemberName,
				strings.Join(e.PeerURLs, ","),
				m.Name,
				m.ID,
				strings.Join(m.PeerURLs, ","),
			),
			Next: next,
		}
	}
	return nil
}

func membersOf(list []etcd.Member) []manifest.Member {
	var all []manifest.Member
	for _, m := range list {
		all = append(all, manifest.Member{Name: m.Name, PeerURLs: m.PeerURLs})
	}
	return all
}

func withoutSelf(e Evidence, list []manifest.Member) []manifest.Member {
	return slices.DeleteFunc(slices.Clone(list), e.self().Is)
}

func sortMembers(list []manifest.Member) []manifest.Member {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b manifest.Member) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Joined is the cluster as it will be after the plan.
func (p *MemberPlan) Joined() Cluster {
	return Cluster{ID: p.Cluster.ID, Members: manifest.Joined(p.Evidence.self(), p.Cluster.Members)}
}

// begun is the join that goes on on a master, nil for none.
func (e Evidence) begun() *Journal {
	if j := unfinished(e.Journals); !e.spent(j) {
		return j
	}
	return nil
}

// spent tells of the journal of a join that came as far as a voter whether that voter is gone again: then there is
// nothing to go on with.
func (e Evidence) spent(j *Journal) bool {
	if j.mark(markVoter) == "" {
		return false
	}
	gone := e.Live != nil &&
		!slices.ContainsFunc(e.Live.Members, func(m etcd.Member) bool { return m.ID.String() == j.mark(markVoter) })
	return gone || e.Empty || e.disowned() != ""
}

// ToFinish tells of a master whether all that is left of a join is to check the end state.
func ToFinish(e Evidence, cluster string) bool {
	voter, _, _ := Standing(e, cluster)
	return e.Reach == Reached && len(e.Problems) == 0 && voter && Unfinished(e)
}

// Unfinished tells whether a join goes on on a master.
func Unfinished(e Evidence) bool { return e.begun() != nil }

// unfinished is the join that was begun on a master and did not come to its end. One that was begun before a cluster
// was grown from this very master is of the cluster before.
func unfinished(journals []Journal) *Journal {
	past := LastSeed(Evidence{Journals: journals})
	for i, j := range journals {
		if j.Operation == OperationMember && !j.finished() && (past == nil || j.Started.After(past.Finished)) {
			return &journals[i]
		}
	}
	return nil
}
