package planner

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// noOtherRecoveryIsOpen refuses while another recovery has begun a forced start. A cluster that has grown beyond its
// seed is past every recovery that was begun there, and so is data that has had another life since.
func (d *seedDecision) noOtherRecoveryIsOpen() error {
	for _, n := range d.Nodes {
		for _, j := range n.Journals {
			if j.Operation != recovery.OperationSeed || j.ID == d.plan.RecoveryID || !j.Open() ||
				!j.Reached(recovery.PhaseForcing) || n.Quorum && len(n.Members) > 1 {
				continue
			}
			return otherUnfinished(j, n.Name)
		}
	}
	return nil
}

// namedSeedHasData refuses a node that is proved to have nothing, while others have their data.
func (d *seedDecision) namedSeedHasData() error {
	n := d.Census.find(d.plan.Node)
	if n == nil || n.Reach != recovery.Reached || n.Holds != Empty || len(d.Lineages) != 1 ||
		len(d.Lineages[0].serving()) > 0 {
		return nil
	}
	if with := d.judge(n.Name).WithData; len(with) > 0 {
		return seedEmpty(n, with)
	}
	return nil
}

// noMemberIsTwice refuses what no cluster can be: one member on two nodes, or members that do not know one another.
func (d *seedDecision) noMemberIsTwice() error {
	for i, n := range d.Nodes {
		for _, o := range d.Nodes[i+1:] {
			if n.twin(o) {
				found := oneMemberOnTwo(n.Name, o.Name, n.Member)
				if n.Member != o.Member {
					found = oneClusterTwice(n.Name, o.Name, n.Cluster())
				}
				return memberTwice("survey", n.Evidence, o.Name, found)
			}
		}
	}
	return nil
}

// noOtherClusterServes refuses while members of another history than the seed's answer: to force would make two
// clusters of one.
func (d *seedDecision) noOtherClusterServes() error {
	if len(d.plan.Verdict.Ahead) > 0 {
		return foundedAnew(d.plan.Verdict.Ahead, d.plan.Verdict.Answers, d.Survey)
	}
	for _, l := range d.Lineages {
		if l == d.seed.Lineage || len(l.serving()) == 0 {
			continue
		}
		v := d.judge(l.serving()[0].Name)
		if len(v.Ahead) > 0 {
			return foundedAnew(v.Ahead, v.Answers, d.Survey)
		}
		return refuseVerdict(v, d.Survey)
	}
	return nil
}

// noQuorumServes refuses while the cluster lives.
func (d *seedDecision) noQuorumServes() error {
	if d.plan.Verdict.State == Alive {
		return refuseVerdict(d.plan.Verdict, d.Survey)
	}
	return nil
}

// onlySeedServes refuses to stop a cluster that has grown from the seed, or beside it. The seed alone may answer: that
// is what the forced start was for.
func (d *seedDecision) onlySeedServes() error {
	for _, n := range d.Nodes {
		if !n.Quorum || n == d.seed && len(n.Members) <= 1 {
			continue
		}
		v := d.judge(n.Name)
		if len(v.Ahead) > 0 && !d.grownFromSeed(n, v.Ahead) {
			return foundedAnew(v.Ahead, v.Answers, d.Survey)
		}
		v.Ahead = filter(v.Ahead, func(name string) bool { return name != d.seed.Name })
		return clusterServes(d.seed.Evidence, n.Evidence, v)
	}
	return nil
}

// seedDoesNotServePlainly refuses to force again what serves without the flag, though its forced start was never
// verified: somebody has brought it up, and others can join it.
func (d *seedDecision) seedDoesNotServePlainly() error {
	if d.seed.Quorum && d.seed.ForceFlag == "" {
		return refuseVerdict(d.judge(d.seed.Name), d.Survey)
	}
	return nil
}

// grownFromSeed reports whether a node serves as a member of a cluster that this recovery's forced start began. One
// that was founded anew on wiped disks can have the IDs of the first members, which those who have more know, or have
// removed; members that were added since have IDs that they do not know.
func (d *seedDecision) grownFromSeed(n *Node, ahead []string) bool {
	if n == d.seed || n.Lineage != nil && n.Lineage == d.seed.Lineage {
		return true
	}
	known := func(name string) bool {
		o := d.Census.find(name)
		_, removed, _ := o.past()
		return lists(o.KnownMembers(), n.Member) || slices.Contains(removed, n.Member)
	}
	return n.Cluster() == d.journal.Cluster && lists(n.Members, d.journal.Member) && !slices.ContainsFunc(ahead, known)
}

// nobodyFollowsLeader refuses while a voter names a leader: it has heard from one within an election timeout or two
// (raft.go, becomePreCandidate), whoever can be asked from here. A learner, and a voter that has not learned yet that
// it was added, never campaigns, and keeps the name of one for ever (raft.go, promotable). Once the forced start is
// verified, whoever names a leader names the seed.
func (d *seedDecision) nobodyFollowsLeader() error {
	for _, n := range d.Nodes {
		forced := n == d.seed && d.journal.Reached(recovery.PhaseForcing)
		campaigns := !n.Learner() && !unlisted(n.Evidence)
		if n.Running && n.Status != nil && n.Status.Leader != 0 && !n.Quorum && campaigns && !forced {
			return leaderIsHeard(n.Evidence)
		}
	}
	return nil
}

// seedIsKnown refuses a seed whose etcd runs and was neither heard nor read: that it is written to speaks rather for a
// cluster that lives.
func (d *seedDecision) seedIsKnown() error {
	seed, v := d.seed, d.seed.Version()
	if v != nil && v.LessThan(recovery.Release(5, 0)) { // before PreVote each campaign is written down
		return nil
	}
	ours := seed.ForceFlag != "" && d.journal.Reached(recovery.PhaseForcing)
	if seed.Running && seed.Status == nil && seed.Disk == nil && !seed.Quorum && !ours {
		return seedUnheard(seed.Evidence)
	}
	return nil
}

// nobodyServesUnasked refuses while etcd runs on another node, proved no quorum, and needs no other member for one.
func (d *seedDecision) nobodyServesUnasked() error {
	for _, n := range d.Nodes {
		if n != d.seed && n.Running && !n.Quorum && n.onlyVoter() {
			return servesUnasked(n.Evidence)
		}
	}
	return nil
}

// onlyVoter reports whether a node's member is the whole cluster, by what it knows itself.
func (n *Node) onlyVoter() bool {
	members := n.KnownMembers()
	return CountVoters(members) == 1 && lists(members, n.Member) && !n.Learner()
}

// othersCannotStart refuses to go on with a forced start that is not verified yet while the others could make a quorum
// without the seed: then nothing is lost, and the old cluster can be had back.
func (d *seedDecision) othersCannotStart() error {
	var others recovery.Survey
	for _, e := range d.Survey {
		if e.Live = nil; e.Name != d.seed.Name {
			others = append(others, e)
		}
	}
	c := takeCensus(others)
	for _, n := range c.Nodes {
		if v := c.judge(n.Name); n.Cluster() == d.seed.Cluster() && v.State == Startable {
			if slices.ContainsFunc(v.WithData, func(name string) bool { return d.seed.differs(d.Census.find(name)) }) {
				v.Strange = append(v.Strange, d.seed.Name)
			}
			return othersCanStart(v, d.Survey, d.journal)
		}
	}
	return nil
}

// priceIsStillAccepted refuses to go on with a forced start that is not verified yet where others have more by now than
// was accepted for it. What the seed itself has may not be readable in the middle of that.
func (d *seedDecision) priceIsStillAccepted() error {
	if _, known := d.seed.Progress(); !known {
		return nil
	}
	return d.priceIsAccepted()
}

// seedStillHasData refuses to go on with a forced start where the data went away meanwhile.
func (d *seedDecision) seedStillHasData() error {
	if d.seed.Holds == Empty || d.seed.Holds == Damaged || d.seed.Unknown.Data != "" {
		return seedLostItsData(d.seed, d.journal)
	}
	return nil
}

// seedWasNotRemoved refuses to force again what a later cluster has sent away, unless that is given up by name.
func (d *seedDecision) seedWasNotRemoved() error {
	if by := d.removedFor(d.seed); by != "" && !slices.Contains(d.plan.Less, by) {
		return instead(recovery.AsRefusal(seedRemovedBy(d.seed.Name, by), "", ""), d.journal, nil)
	}
	return nil
}

// nothingIsSeenFromNodes refuses while etcd runs where it cannot be stopped. Once it runs without the flag, the new
// cluster sends old members away.
func (d *seedDecision) nothingIsSeenFromNodes() error {
	if len(d.plan.Verdict.Seen) == 0 {
		return nil
	}
	if n := d.nameless(); n != nil { // it may be the one, and this says more
		return nodeProblem(n.Evidence)
	}
	return SeenAlive(d.plan.Verdict.Seen)
}

// majorityIsLost refuses unless the majority is really gone.
func (d *seedDecision) majorityIsLost() error {
	switch v := d.plan.Verdict; v.State {
	case NoData:
		if d.otherData() { // this seed has none, which is said next
			return nil
		}
		return refuseVerdict(v, d.Survey)
	case Alive, Startable, Undetermined:
		return refuseVerdict(v, d.Survey)
	}
	return nil
}

// otherData reports whether a node has data of another history than the seed's.
func (d *seedDecision) otherData() bool {
	return slices.ContainsFunc(d.Nodes, func(n *Node) bool {
		return n.Holds == HasData && n.Lineage != nil && n.Lineage != d.seed.Lineage
	})
}

// seedCanBeForced refuses data with which a forced start fails, and says of whom it is not known what they have.
func (d *seedDecision) seedCanBeForced() error {
	err := d.unforceable()
	r, refused := recovery.IsRefusal(err)
	if !refused {
		return err
	}
	var unsure []*Node
	for _, n := range d.Nodes {
		if n != d.seed && n.unsure() {
			unsure = append(unsure, n)
		}
	}
	return instead(r, d.journal, unsure)
}

func (d *seedDecision) unforceable() error {
	by := d.removedFor(d.seed)
	switch seed := d.seed; {
	case seed.Damage != "":
		return seedDamaged(seed.Evidence)
	case seed.TooNew != "":
		return imageTooOld(seed.Evidence)
	case !seed.Readable:
		return seedEmpty(seed, d.plan.Verdict.WithData)
	case forsaken(seed.Evidence):
		return seedForsaken(d.plan.Evidence.Node(seed.Name), d.plan.Evidence, true)
	case seed.Learner():
		return seedLearner(seed.Name)
	case unlisted(seed.Evidence):
		return seedUnlisted(seed.Name)
	case seed.Disk != nil && seed.Disk.Removed:
		return seedRemoved(seed.Evidence)
	case by != "":
		return seedRemovedBy(seed.Name, by)
	}
	return nil
}

// seedLetsUsIn refuses where etcd runs on the seed and does not take the client certificate, or asks for a password:
// after the forced start nothing could be checked.
func (d *seedDecision) seedLetsUsIn() error {
	switch seed := d.seed; {
	case seed.Auth:
		return authEnabled(seed.Name)
	case seed.Running && seed.Status == nil && len(seed.LastWords) == 0 && deniesClient(seed.Unknown.Status):
		return seedDeniesClient(seed.Evidence)
	}
	return nil
}

// deniesClient reports whether an error is of certificates.
func deniesClient(text string) bool {
	return slices.ContainsFunc([]string{"tls: ", "x509: "}, func(sign string) bool {
		return strings.Contains(text, sign)
	})
}

// priceIsAccepted refuses a seed on which less is kept than on another node, unless that is accepted by name.
func (d *seedDecision) priceIsAccepted() error {
	d.plan.Loss = d.lossAs(d.plan.Node, d.rank(d.plan.Lost))
	more := slices.DeleteFunc(
		d.plan.Loss.price(),
		func(name string) bool { return slices.Contains(d.plan.Less, name) },
	)
	if len(more) == 0 {
		return nil
	}
	return othersHaveMore(d.plan, more)
}

// lossAs is what the choice of a seed costs. Of one whose own data could not be read nothing is known but that others
// have theirs.
func (c *Census) lossAs(seed string, r Ranking) *Loss {
	if own := r.candidate(seed); own != nil {
		return &own.Loss
	}
	for _, w := range r.weighed {
		if w.Name == seed { // it is no candidate as it is
			l := c.lossOf(w, r.weighed)
			return &l
		}
	}
	l := &Loss{Unjudged: []string{seed}}
	for _, u := range r.Out {
		if u.unread && u.Name != seed {
			l.Unread = append(l.Unread, u.Name)
		}
	}
	for _, c := range slices.Concat(r.Candidates, r.weighed) {
		if c.Name != seed && !slices.Contains(l.Ahead, c.Name) {
			l.Ahead = append(l.Ahead, c.Name)
		}
	}
	slices.Sort(l.Ahead)
	return l
}

// stopIsOrderly refuses an etcd that has to run before it is forced, and does not.
func (d *seedDecision) stopIsOrderly() error { return checkOrderly(d.seed.Evidence) }

// noForeignFlag refuses while the force flag is in a manifest that no recovery of ours wrote: then the text without it
// would be parked.
func (d *seedDecision) noForeignFlag() error {
	for _, n := range d.Nodes {
		if n.ForceFlag != "" && n.Parked == "" {
			return forceInManifest(n.Evidence)
		}
	}
	return nil
}

// nodesCanBeStopped refuses what is in the way of acting on the nodes. Of another node only what would keep its etcd
// from being stopped for good is in the way. What another distribution runs is seen by no container runtime, and comes
// back.
func (d *seedDecision) nodesCanBeStopped() error {
	var refused []error
	for _, n := range d.Nodes {
		if len(n.Problems) > 0 && (n == d.seed || !n.stoppable()) {
			refused = append(refused, nodeProblem(n.Evidence))
		}
	}
	return errors.Join(refused...)
}

func (n *Node) stoppable() bool {
	return n.Manifest != "" || n.Bare || n.NoManifest && !n.Running && len(n.Elsewhere()) == 0
}

// nodesCanBeAsked refuses while nodes cannot be asked who else is there. What is in the way of more than that is said
// already.
func (d *seedDecision) nodesCanBeAsked() error {
	var refused []error
	for _, n := range d.Nodes {
		if n.Unknown.Peers != "" && n != d.seed && n.stoppable() {
			refused = append(refused, nodeProblem(n.Evidence))
		}
	}
	return errors.Join(refused...)
}

// editManifest fills in what will be written.
func (d *seedDecision) editManifest() error {
	forced, err := d.force([]byte(d.seed.Manifest))
	if err != nil {
		return manifestNotEditable(d.seed.Evidence, "", err)
	}
	d.plan.ManifestPath, d.plan.Forced, d.plan.Final = d.seed.ManifestPath, string(forced), d.seed.Manifest
	places := d.seed.PlacesOf(d.journal)
	d.plan.OldData, d.plan.OldWAL = places.Data, places.WAL
	return nil
}

// copyFits wants room for the copy of the data.
func (d *seedDecision) copyFits() error {
	if need := recovery.CopyNeeds(d.seed.DataBytes); d.seed.FreeBytes < need {
		return noSpace(d.seed.Evidence, need, d.journal.OlderCopies())
	}
	return nil
}

// copyIsThereOrFits wants room for another copy where a recovery is taken up again whose copy is of older data.
func (d *seedDecision) copyIsThereOrFits() error {
	if d.journal.Places.Whole {
		return nil
	}
	return d.copyFits()
}

// kubeletRuns wants somebody who starts etcd again.
func (d *seedDecision) kubeletRuns() error { return d.seed.Kubelet.Check(d.seed.Name, "node") }

func filter(names []string, keep func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !keep(name) })
}

// quoted are names as a configuration has them.
func quoted(names []string) string {
	var all []string
	for _, name := range names {
		all = append(all, fmt.Sprintf("%q", name))
	}
	return strings.Join(all, ", ")
}
