// Package planner decides what a recovery will do. It is pure: the same evidence and the same request always give the
// same plan, or the same refusal.
package planner

import (
	"errors"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// SeedRequest is what the operator asks of a seed.
type SeedRequest struct {
	Node       string   // "" leaves the choice to the evidence
	Lost       []string // nodes given up: exactly those that do not answer, and members that no node is, by ID or URL
	Less       []string // nodes that have more than Node, and whose surplus is given up
	Abandon    []string // recoveries that will never be finished
	RecoveryID string
}

// SeedPlan is all that a forced start will do. It follows from the request and the evidence alone.
type SeedPlan struct {
	SeedRequest
	Reason   string
	Verdict  Verdict
	Loss     *Loss    // nil where the forced start is done
	Hazards  []string // known faults of this etcd that a forced start or the joins after it can meet
	Managers []string // controllers that have to be paused before
	Abandons []string // what the recoveries that are abandoned have done
	Evidence recovery.Survey

	ManifestPath  string
	Forced, Final string // the two texts that will stand in ManifestPath, one after the other
	OldData       string // where the copy of the data will be
	OldWAL        string
	Resuming      bool   // the journal of this very recovery is there, finished or not
	Resumes       string // where it goes on, if it was broken off
}

// DecideSeed turns evidence into a plan, or into a refusal that changes nothing.
func DecideSeed(s recovery.Survey, req SeedRequest) (*SeedPlan, error) {
	return Planner{manifest.Force}.DecideSeed(s, req)
}

// Planner plans with an editor of manifests of its own, so that one who plans a million times edits each text once.
type Planner struct {
	Force func(text []byte) ([]byte, error) // as manifest.Force
}

// DecideSeed is the function of that name with this planner's editor.
func (p Planner) DecideSeed(s recovery.Survey, req SeedRequest) (*SeedPlan, error) {
	s = s.Counted()
	d := &seedDecision{
		force:  p.Force,
		Census: takeCensus(withAbandoned(s, req)),
		plan:   &SeedPlan{SeedRequest: req, Evidence: s},
	}
	d.began, d.journal = d.find(req.RecoveryID)
	if err := d.pass(d.checks()); err != nil {
		return nil, recovery.AfterEarlier(err, d.journal.Stands(""))
	}
	return d.plan, nil
}

// withAbandoned is the evidence as it will be when the recoveries that the request gives up are marked so, and the one
// that it asks for is not.
func withAbandoned(s recovery.Survey, req SeedRequest) recovery.Survey {
	s = s.Counted()
	for i := range s {
		s[i].Journals = slices.Clone(s[i].Journals)
		for k := range s[i].Journals {
			switch j := &s[i].Journals[k]; {
			case req.abandons(j) && j.Open():
				j.End(recovery.PhaseAbandoned, j.Started)
			case j.Operation == recovery.OperationSeed && j.ID == req.RecoveryID && j.Phase == recovery.PhaseAbandoned:
				if own := s[i].TakenUp(j); own != nil {
					*j = *own
				}
			}
		}
	}
	return s
}

// abandons reports whether a journal is of a recovery that is given up by name.
func (r SeedRequest) abandons(j *recovery.Journal) bool {
	return j.Operation == recovery.OperationSeed && j.ID != r.RecoveryID && slices.Contains(r.Abandon, j.ID)
}

// seedDecision is a plan in the making. Its checks go by the census, and each fills in what it has decided.
type seedDecision struct {
	*Census
	force   func(text []byte) ([]byte, error)
	plan    *SeedPlan
	began   *Node             // on which this recovery was begun, nil for a new one
	journal *recovery.Journal // of this recovery, nil for a new one
	seed    *Node
}

// check is a rule with a name that holds for a road.
type check struct {
	name  string
	rule  func() error
	also  bool           // it does not build on the one before: what both refuse is said at once
	until recovery.Phase // from this phase on the forced start has made it moot; "" for never
}

// pass asks checks in their order, and stops at the first that refuses.
func (d *seedDecision) pass(checks []check) error {
	for i := 0; i < len(checks); {
		var refused []error
		for first := i; i < len(checks) && (i == first || checks[i].also); i++ {
			if moot := checks[i].until; moot == "" || !d.journal.Reached(moot) {
				refused = append(refused, checks[i].rule())
			}
		}
		if err := errors.Join(refused...); err != nil {
			return err
		}
	}
	return nil
}

// checks are the road of this recovery: a new one, one that was broken off before the forced start, or one whose forced
// start has begun.
func (d *seedDecision) checks() []check {
	switch {
	case d.journal == nil:
		return d.newRecovery()
	case !d.journal.Reached(recovery.PhaseForcing):
		return d.beforeForcing()
	}
	return d.sinceForcing()
}

func (d *seedDecision) newRecovery() []check {
	return []check{
		{name: "request-is-sound", rule: d.requestIsSound},
		{name: "no-other-recovery-is-open", rule: d.noOtherRecoveryIsOpen, also: true},
		{name: "all-are-seen-or-given-up", rule: d.nodesAndMembersAreGivenUp, also: true},
		{name: "named-seed-has-data", rule: d.namedSeedHasData, also: true},
		{name: "no-member-is-twice", rule: d.noMemberIsTwice},
		{name: "seed-is-chosen", rule: d.chooseSeed},
		{name: "no-other-cluster-serves", rule: d.noOtherClusterServes},
		{name: "no-quorum-serves", rule: d.noQuorumServes},
		{name: "nobody-serves-unasked", rule: d.nobodyServesUnasked},
		{name: "nobody-follows-a-leader", rule: d.nobodyFollowsLeader},
		{name: "members-are-accounted-for", rule: d.everyMemberIsAccountedFor},
		{name: "nothing-is-seen-from-nodes", rule: d.nothingIsSeenFromNodes},
		{name: "majority-is-lost", rule: d.majorityIsLost},
		{name: "seed-can-be-forced", rule: d.seedCanBeForced},
		{name: "seed-is-known", rule: d.seedIsKnown},
		{name: "price-is-accepted", rule: d.priceIsAccepted},
		{name: "seed-lets-us-in", rule: d.seedLetsUsIn},
		{name: "stop-is-orderly", rule: d.stopIsOrderly, also: true},
		{name: "no-foreign-flag", rule: d.noForeignFlag, also: true},
		{name: "nodes-can-be-stopped", rule: d.nodesCanBeStopped, also: true},
		{name: "nodes-can-be-asked", rule: d.nodesCanBeAsked, also: true},
		{name: "manifest-can-be-edited", rule: d.editManifest, also: true},
		{name: "copy-fits", rule: d.copyFits, also: true},
		{name: "kubelet-runs", rule: d.kubeletRuns, also: true},
		{name: "warnings", rule: d.warn},
	}
}

// beforeForcing has every check of a new recovery: what was stopped for it may have been started again, and what was
// lost may be back. The seed is the one that it was begun with.
func (d *seedDecision) beforeForcing() []check {
	return []check{
		{name: "request-is-sound", rule: d.requestIsSound},
		{name: "no-other-recovery-is-open", rule: d.noOtherRecoveryIsOpen, also: true},
		{name: "all-are-seen-or-given-up", rule: d.nodesAndMembersAreGivenUp, also: true},
		{name: "no-member-is-twice", rule: d.noMemberIsTwice},
		{name: "seed-is-as-begun", rule: d.resumeSeed},
		{name: "no-other-cluster-serves", rule: d.noOtherClusterServes},
		{name: "no-quorum-serves", rule: d.noQuorumServes},
		{name: "nobody-serves-unasked", rule: d.nobodyServesUnasked},
		{name: "nobody-follows-a-leader", rule: d.nobodyFollowsLeader},
		{name: "members-are-accounted-for", rule: d.everyMemberIsAccountedFor},
		{name: "nothing-is-seen-from-nodes", rule: d.nothingIsSeenFromNodes},
		{name: "majority-is-lost", rule: d.majorityIsLost},
		{name: "seed-can-be-forced", rule: d.seedCanBeForced},
		{name: "seed-is-known", rule: d.seedIsKnown},
		{name: "price-is-accepted", rule: d.priceIsAccepted},
		{name: "seed-lets-us-in", rule: d.seedLetsUsIn},
		{name: "stop-is-orderly", rule: d.stopIsOrderly, also: true},
		{name: "no-foreign-flag", rule: d.noForeignFlag, also: true},
		{name: "nodes-can-be-stopped", rule: d.nodesCanBeStopped, also: true},
		{name: "nodes-can-be-asked", rule: d.nodesCanBeAsked, also: true},
		{name: "manifest-can-be-edited", rule: d.editManifest, also: true},
		{name: "copy-fits", rule: d.copyFits, also: true, until: recovery.PhaseCopied},
		{name: "kubelet-runs", rule: d.kubeletRuns, also: true},
		{name: "warnings", rule: d.warn},
	}
}

// sinceForcing goes without what the forced start has decided: a copy that is there, and where it is verified the
// majority of the old cluster and the price.
func (d *seedDecision) sinceForcing() []check {
	return []check{
		{name: "request-is-sound", rule: d.requestIsSound},
		{name: "no-other-recovery-is-open", rule: d.noOtherRecoveryIsOpen, also: true},
		{name: "all-are-seen-or-given-up", rule: d.silentNodesAreGivenUp, also: true},
		{name: "no-member-is-twice", rule: d.noMemberIsTwice},
		{name: "seed-is-as-begun", rule: d.resumeSeed},
		{name: "only-the-seed-serves", rule: d.onlySeedServes},
		{name: "seed-does-not-serve-plainly", rule: d.seedDoesNotServePlainly, until: recovery.PhaseForced},
		{name: "nobody-serves-unasked", rule: d.nobodyServesUnasked},
		{name: "nobody-follows-a-leader", rule: d.nobodyFollowsLeader, until: recovery.PhaseForced},
		{name: "seed-still-has-data", rule: d.seedStillHasData},
		{name: "seed-was-not-removed", rule: d.seedWasNotRemoved, until: recovery.PhaseForced},
		{name: "seed-is-known", rule: d.seedIsKnown, until: recovery.PhaseForced},
		{name: "others-cannot-start", rule: d.othersCannotStart, until: recovery.PhaseForced},
		{name: "price-is-accepted", rule: d.priceIsStillAccepted, until: recovery.PhaseForced},
		{name: "nothing-is-seen-from-nodes", rule: d.nothingIsSeenFromNodes, until: recovery.PhaseUnforced},
		{name: "no-foreign-flag", rule: d.noForeignFlag},
		{name: "nodes-can-be-stopped", rule: d.nodesCanBeStopped, also: true},
		{name: "nodes-can-be-asked", rule: d.nodesCanBeAsked, also: true, until: recovery.PhaseForced},
		{name: "manifest-can-be-edited", rule: d.editManifest, also: true},
		{name: "copy-fits", rule: d.copyIsThereOrFits, also: true, until: recovery.PhaseForced},
		{name: "kubelet-runs", rule: d.kubeletRuns, also: true},
		{name: "warnings", rule: d.warn},
	}
}

// find returns the node on which a recovery was begun, with its journal. Of two the one that came further counts.
func (d *seedDecision) find(id string) (*Node, *recovery.Journal) {
	var (
		node  *Node
		found *recovery.Journal
	)
	for _, n := range d.Nodes {
		j := n.SeedJournal(id)
		if j == nil {
			continue
		}
		if found == nil || j.Reached(recovery.PhaseForcing) && !found.Reached(recovery.PhaseForcing) {
			node, found = n, j
		}
	}
	return node, found
}

// chooseSeed takes the node that is named, or else the best survivor.
func (d *seedDecision) chooseSeed() error {
	p := d.plan
	if p.Node != "" {
		p.Reason = isNamed(p.Node)
		return d.takeSeed(p.Node)
	}
	name, reason, err := d.choose(p.Lost)
	if err != nil {
		return d.betterSaid(err)
	}
	p.Reason = reason
	return d.takeSeed(name)
}

// betterSaid is what to say where no seed can be chosen: a cluster that lives has none to choose.
func (d *seedDecision) betterSaid(undecided error) error {
	v := d.judge("")
	switch {
	case v.State == Unclear:
		return undecided
	case len(v.Ahead) > 0:
		return foundedAnew(v.Ahead, v.Answers, d.Survey)
	case v.State == Alive || v.State == Startable:
		return refuseVerdict(v, d.Survey)
	}
	if own := refuseElsewhere(d.Survey...); own != nil {
		return own
	}
	if v.State == Undetermined {
		return refuseVerdict(v, d.Survey)
	}
	return undecided
}

// resumeSeed takes the node on which the recovery was begun.
func (d *seedDecision) resumeSeed() error {
	p, j := d.plan, d.journal
	alone := d.began.Quorum && len(d.began.Members) == 1
	if j.Done() && !alone || j.Phase == recovery.PhaseVoid {
		return recoveryFinished(j, d.began.Name)
	}
	if p.Node != "" && p.Node != d.began.Name {
		return otherSeed(j, d.began.Name, p.Node)
	}
	p.Reason, p.Resuming = wasBegun(j), true
	if !j.Done() {
		p.Resumes = p.Reason
	}
	return d.takeSeed(d.began.Name)
}

func (d *seedDecision) takeSeed(name string) error {
	d.plan.Node, d.seed = name, d.Census.find(name)
	if d.seed == nil {
		return unknownNodes("node", []string{name}, recovery.Names(d.Survey))
	}
	d.plan.Verdict = d.judge(name)
	return nil
}

// warn tells what is no reason to refuse.
func (d *seedDecision) warn() error {
	d.plan.Hazards, d.plan.Managers = hazards(d.seed.Evidence, d.Survey), managersOf(d.Survey...)
	for _, e := range d.plan.Evidence {
		for _, j := range e.Journals {
			if d.plan.abandons(&j) && (j.Open() || j.Phase == recovery.PhaseAbandoned) {
				d.plan.Abandons = append(d.plan.Abandons, isAbandoned(j, e.Name))
			}
		}
	}
	return nil
}
