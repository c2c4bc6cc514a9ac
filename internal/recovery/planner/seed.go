// Package planner decides what a recovery will do. It is pure: the same evidence and the same request always give the
// same plan, or the same refusal.
package planner

import (
	"errors"
	"fmt"
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
	d := &seedDecision{
		force:  p.Force,
		Census: takeCensus(withAbandoned(s, req)),
		plan:   &SeedPlan{SeedRequest: req, Evidence: s},
	}
	d.began, d.journal = d.find(req.RecoveryID)
	for _, check := range d.checks() {
		if err := check(); err != nil {
			return nil, recovery.AfterEarlier(err, d.journal.Stands(""))
		}
	}
	return d.plan, nil
}

// withAbandoned is the evidence as it will be when the recoveries that the request gives up are marked so.
func withAbandoned(s recovery.Survey, req SeedRequest) recovery.Survey {
	s = slices.Clone(s)
	for i := range s {
		s[i].Journals = slices.Clone(s[i].Journals)
		for k := range s[i].Journals {
			if j := &s[i].Journals[k]; req.abandons(j) && j.Open() {
				j.Abandoned = j.Started
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

// checks are the road of this recovery: a new one, one that was broken off before the forced start, or one whose forced
// start has begun.
func (d *seedDecision) checks() []func() error {
	switch {
	case d.journal == nil:
		return d.newRecovery()
	case !d.journal.Reached(recovery.PhaseForcing), d.neverForced():
		return d.beforeForcing()
	}
	return d.sinceForcing()
}

// neverForced reports whether the forced start that was about to begin has not been at the data: the membership on the
// disk is that of the old cluster.
func (d *seedDecision) neverForced() bool {
	return untouched(d.began.Evidence, d.journal)
}

func (d *seedDecision) newRecovery() []func() error {
	return []func() error{
		together(
			d.requestIsSound,
			d.noOtherRecoveryIsOpen,
			d.nodesAndMembersAreGivenUp,
			d.namedSeedHasData,
		),
		d.noMemberIsTwice,
		d.chooseSeed,
		d.noOtherClusterServes,
		d.noQuorumServes,
		d.nobodyServesUnasked,
		d.nobodyFollowsLeader,
		d.everyMemberIsAccountedFor,
		d.nothingIsSeenFromNodes,
		d.majorityIsLost,
		d.seedCanBeForced,
		d.seedIsKnown,
		d.priceIsAccepted,
		d.allIsReady(),
		d.warn,
	}
}

// beforeForcing has every check of a new recovery: what was stopped for it may have been started again, and what was
// lost may be back.
func (d *seedDecision) beforeForcing() []func() error {
	return []func() error{
		together(d.requestIsSound, d.noOtherRecoveryIsOpen, d.nodesAndMembersAreGivenUp),
		d.noMemberIsTwice,
		d.resumeSeed,
		d.noOtherClusterServes,
		d.noQuorumServes,
		d.nobodyServesUnasked,
		d.nobodyFollowsLeader,
		d.everyMemberIsAccountedFor,
		d.nothingIsSeenFromNodes,
		d.majorityIsLost,
		d.seedCanBeForced,
		d.seedIsKnown,
		d.priceIsAccepted,
		d.allIsReady(),
		d.warn,
	}
}

// sinceForcing goes without what the forced start has decided: a copy that is there, and where it is verified the
// majority of the old cluster and the price.
func (d *seedDecision) sinceForcing() []func() error {
	return []func() error{
		together(d.requestIsSound, d.noOtherRecoveryIsOpen, d.silentNodesAreGivenUp),
		d.noMemberIsTwice,
		d.resumeSeed,
		d.onlySeedServes,
		d.nobodyServesUnasked,
		d.nobodyFollowsLeader,
		d.seedStillHasData,
		d.seedIsKnown,
		d.othersCannotStart,
		d.othersHaveNoMore,
		d.nothingIsSeenUntilUnforced,
		together(d.noForeignFlag, d.nodesCanBeStopped, d.editManifest, d.kubeletRuns),
		d.warn,
	}
}

// together is a check of several that do not build on one another: all that they refuse is said at once.
func together(checks ...func() error) func() error {
	return func() error {
		var refused []error
		for _, check := range checks {
			refused = append(refused, check())
		}
		return errors.Join(refused...)
	}
}

// allIsReady is what is in the way of carrying a forced start out.
func (d *seedDecision) allIsReady() func() error {
	return together(
		d.seedLetsUsIn,
		d.stopIsOrderly,
		d.noForeignFlag,
		d.nodesCanBeStopped,
		d.editManifest,
		d.copyFits,
		d.kubeletRuns,
	)
}

// find returns the node on which a recovery was begun, with its journal. Of two the one that came further counts.
func (d *seedDecision) find(id string) (*Node, *recovery.Journal) {
	var (
		node  *Node
		found *recovery.Journal
	)
	for _, n := range d.Nodes {
		j := n.SeedJournal(id)
		if j == nil || n.PhaseOf(j) == recovery.PhaseAbandoned {
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
		p.Reason = fmt.Sprintf("%s is named in the configuration", p.Node)
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
	if j.Done() && !alone || d.began.PhaseOf(j) == recovery.PhaseVoid {
		return recoveryFinished(j, d.began.Name)
	}
	if p.Node != "" && p.Node != d.began.Name {
		return otherSeed(j, d.began.Name, p.Node)
	}
	p.Reason, p.Resuming = fmt.Sprintf("recovery %s %s", p.RecoveryID, j.HowFar()), true
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
			if d.plan.abandons(&j) {
				d.plan.Abandons = append(d.plan.Abandons, fmt.Sprintf("%s on %s: %s", j.ID, e.Name, j.Stands("")))
			}
		}
	}
	return nil
}
