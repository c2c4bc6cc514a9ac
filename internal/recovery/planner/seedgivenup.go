package planner

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// requestIsSound holds the names in the request against the survey.
func (d *seedDecision) requestIsSound() error {
	p := d.plan
	seen := map[string]bool{}
	var wrong []error
	for _, name := range p.Lost {
		n := d.Census.find(name)
		switch {
		case seen[name]:
			wrong = append(wrong, twice("lost_nodes", name))
		case n != nil && n.Reach != recovery.Silent:
			wrong = append(wrong, lostNodeAnswers(n.Evidence))
		}
		seen[name] = true
	}
	strange := func(name string) bool { return d.Census.find(name) == nil }
	unknown := func(attribute string, names []string) {
		if len(names) > 0 {
			wrong = append(wrong, unknownNodes(attribute, names, recovery.Names(d.Survey)))
		}
	}
	if p.Node != "" {
		unknown("node", filter([]string{p.Node}, strange))
	}
	unknown("lost_nodes", filter(p.Lost, d.isNobody))
	unknown("accept_less_than", filter(p.Less, strange))
	if p.Node == "" && len(p.Less) > 0 {
		wrong = append(wrong, nothingToAccept())
	}
	return errors.Join(wrong...)
}

// isNobody reports whether a name can be none of those that are given up. The ID or URL of a member of the past does no
// harm, and one that is mistyped gives nobody up.
func (d *seedDecision) isNobody(name string) bool {
	return d.Census.find(name) == nil && !d.isMember(name) && !ofMember(name)
}

// rightlyLost are the names in lost_nodes with which nothing is wrong, each once.
func (d *seedDecision) rightlyLost() []string {
	var names []string
	for _, name := range d.plan.Lost {
		n := d.Census.find(name)
		if !d.isNobody(name) && (n == nil || n.Reach == recovery.Silent) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// isMember reports whether a name is that of a member which none of the surveyed nodes is.
func (d *seedDecision) isMember(name string) bool {
	return slices.ContainsFunc(d.Lineages, func(l *Lineage) bool {
		return slices.ContainsFunc(l.Seats, func(s Seat) bool {
			return s.Node == nil && givenUp(s.Member, []string{name})
		})
	})
}

// silentNodesAreGivenUp wants each node examined, or given up by name.
func (d *seedDecision) silentNodesAreGivenUp() error { return d.givenUp(nil, nil, nil) }

// nodesAndMembersAreGivenUp wants the same of each member of the furthest membership, while nobody serves: what can be
// said with the first plan is not kept for the second.
func (d *seedDecision) nodesAndMembersAreGivenUp() error {
	if len(d.Lineages) != 1 || len(d.Lineages[0].serving()) > 0 {
		return d.silentNodesAreGivenUp()
	}
	l := d.Lineages[0]
	open, spare := d.unplacedSeats(l, d.plan.Lost)
	return d.givenUp(l, open, spare)
}

// givenUp refuses while nodes are not examined and not given up, or members are open that none of the nodes is. Where
// each of those can be one of the spare nodes, all of which are silent, one list has both. While it may be one that
// answers, nothing is said of giving it up.
func (d *seedDecision) givenUp(l *Lineage, open []Seat, spare []*Node) error {
	var silent, refused []recovery.Evidence
	for _, n := range d.Nodes {
		switch {
		case n.Reach == recovery.Refused && len(n.Elsewhere()) > 0:
			return refuseElsewhere(d.Survey...)
		case n.Reach == recovery.Refused:
			refused = append(refused, n.Evidence)
		case n.Reach == recovery.Silent && !slices.Contains(d.plan.Lost, n.Name):
			silent = append(silent, n.Evidence)
		}
	}
	var wrong []error
	if len(refused) > 0 {
		wrong = append(wrong, accessRefused(refused, "survey"))
	}
	seen, atNode := seenElsewhere(d.Survey)
	if len(silent) > 0 && len(atNode) > 0 {
		wrong = append(wrong, SeenAlive(atNode))
	}
	if len(silent) > 0 && len(seen) > 0 ||
		slices.ContainsFunc(spare, func(n *Node) bool { return n.Reach == recovery.Refused }) {
		open = nil
	}
	switch {
	case len(silent) > 0 && len(seen) > 0:
		wrong = append(wrong, reachableFromPeers(silent, seen))
	case len(silent) > 0 && len(open) <= len(spare) && d.nameless() == nil:
		wrong, open = append(wrong, unreachable(silent, d.rightlyLost(), l.knows(), open)), nil
	case len(silent) > 0:
		wrong = append(wrong, unreachable(silent, d.rightlyLost(), "", nil))
	}
	return errors.Join(append(wrong, d.unaccounted(l, open))...)
}

// unaccounted refuses while members of a lineage are open: they are none of the nodes, and not given up.
func (d *seedDecision) unaccounted(l *Lineage, open []Seat) error {
	if len(open) == 0 {
		return nil
	}
	if n := d.nameless(); n != nil { // it may be the one, and this says more
		return nodeProblem(n.Evidence)
	}
	quiet := slices.DeleteFunc(slices.Clone(open), d.reached)
	return memberNotSurveyed(l.knows(), open, quiet, d.rightlyLost())
}

// nameless is a node that was examined and does not say which member it makes, nil where there is none.
func (d *seedDecision) nameless() *Node {
	for _, n := range d.Nodes {
		if n.Reach == recovery.Reached && n.MemberName == "" && len(n.Problems) > 0 {
			return n
		}
	}
	return nil
}

// everyMemberIsAccountedFor wants each member of the furthest membership to be one of the nodes, or given up by name.
// Where no data tells of members, those count that the manifests name.
func (d *seedDecision) everyMemberIsAccountedFor() error {
	l := d.seed.Lineage
	if l == nil && !d.seed.Readable {
		return nil
	} else if l == nil {
		l, _ = d.subject(d.seed.Name)
	}
	open, _ := d.unplacedSeats(l, d.plan.Lost)
	return d.unaccounted(l, open)
}

// StoppedSeed decides again on a seed whose data could not be read before it was stopped, with all that a new recovery
// is refused for.
func StoppedSeed(s recovery.Survey, req SeedRequest) error {
	d := &seedDecision{Census: takeCensus(withAbandoned(s, req)), plan: &SeedPlan{SeedRequest: req, Evidence: s}}
	if err := d.takeSeed(req.Node); err != nil {
		return err
	}
	return d.pass([]check{
		{name: "no-member-is-twice", rule: d.noMemberIsTwice},
		{name: "members-are-accounted-for", rule: d.everyMemberIsAccountedFor},
		{name: "nothing-is-seen-from-nodes", rule: d.nothingIsSeenFromNodes},
		{name: "majority-is-lost", rule: d.majorityIsLost},
		{name: "seed-can-be-forced", rule: d.seedCanBeForced},
		{name: "price-is-accepted", rule: d.priceIsAccepted},
	})
}

// ofMember reports whether a name has the form of a member's ID or peer URL.
func ofMember(name string) bool {
	_, err := strconv.ParseUint(name, 16, 64)
	return strings.Contains(name, "://") || err == nil && len(name) > 8
}
