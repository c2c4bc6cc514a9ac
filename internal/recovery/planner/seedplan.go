// Package planner decides what a recovery will do. It is pure: the same evidence and the same request always give the
// same plan, or the same refusal.
package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// SeedRequest is what the operator asks of a seed.
type SeedRequest struct {
	Node       string   // "" leaves the choice to the evidence
	Lost       []string // masters given up: exactly those that do not answer
	Less       []string // masters that have more than Node, and whose surplus is given up
	Abandon    []string // recoveries that are never to be finished, by their IDs
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
	Evidence recovery.Survey

	ManifestPath  string
	Forced, Final string // the two texts that will stand in ManifestPath, one after the other
	OldData       string // where the copy of the data will be
	OldWAL        string
	Resuming      bool   // the journal of this very recovery is there, finished or not
	Resumes       string // where it goes on, if it was broken off
}

// DecideSeed turns evidence into a plan, or into a refusal that changes nothing.
func DecideSeed(all recovery.Survey, req SeedRequest) (_ *SeedPlan, err error) {
	defer func() { err = recovery.AfterEarlier(err, journalOf(all, req.RecoveryID).Stands("")) }()
	p := &SeedPlan{SeedRequest: req, Evidence: all}
	began, err := seedOf(all, req)
	if err != nil {
		return nil, err
	}
	if err := checkAnswers(all, req.Lost); err != nil {
		return nil, err
	}
	if req.Node == "" && len(req.Less) > 0 {
		return nil, &recovery.Refusal{
			Code:      recovery.CodeNothingToAccept,
			Title:     "Nothing to Accept",
			Attribute: "accept_less_than",
			Found:     "accept_less_than is set and node is not: the best master is taken, and nobody has more.",
			Next:      "take accept_less_than out, or name the seed with node.",
		}
	}
	switch {
	case began != "":
		journal := all.Node(began).SeedJournal(req.RecoveryID)
		p.Node, p.Reason, p.Resuming = began, fmt.Sprintf("recovery %s %s", req.RecoveryID, journal.Stopped()), true
		if !journal.Done() {
			p.Resumes = p.Reason
		}
	case req.Node == "":
		if p.Node, p.Reason, err = Choose(all, req.Lost); err != nil {
			// A cluster that lives has no seed to choose; that is the better thing to say.
			if v := Judge(all, ""); v.State == Unclear {
				return nil, err
			} else if len(v.Ahead) > 0 {
				return nil, foundedAnew(v.Ahead, v.Answers, all)
			} else if v.State == Alive || v.State == Startable {
				return nil, refuseVerdict(v, all)
			} else if own := refuseElsewhere(all...); own != nil {
				return nil, own
			}
			return nil, err
		}
	default:
		p.Reason = fmt.Sprintf("%s is named in the configuration", req.Node)
	}
	seed, ok := all.Find(p.Node)
	if !ok {
		return nil, unknownNode("node", p.Node, recovery.Names(all))
	}
	p.Verdict = Judge(all, p.Node)
	journal := seed.SeedJournal(req.RecoveryID)
	if alone := p.Verdict.State == Alive &&
		p.Verdict.Voters == 1; journal.Mark(recovery.MarkForced) == "" &&
		(!p.Resuming || !alone) {
		if err := checkLost(p.Verdict, all, seed); err != nil {
			return nil, err
		}
		if err := checkOrderly(seed); err != nil {
			return nil, err
		}
		p.Loss = lossAs(p.Node, Rank(all, req.Lost))
	}
	if len(p.Verdict.Seen) > 0 && journal.Mark(recovery.MarkUnforced) == "" {
		return nil, SeenAlive(p.Verdict.Seen)
	}
	p.Hazards, p.Managers = hazards(seed, all), managersOf(all...)
	for _, e := range all {
		// Of another master only what would keep its etcd from being stopped for good is in the way. What another
		// distribution runs is seen by no container runtime, and comes back.
		stoppable := e.Manifest != "" || (e.NoManifest && !e.Running && len(e.Elsewhere()) == 0)
		if len(e.Problems) > 0 && (e.Name == p.Node || !stoppable) {
			return nil, masterProblem(e)
		}
	}
	if err := p.checkLess(journal); err != nil {
		return nil, err
	}
	if err := p.texts(seed, journal); err != nil {
		return nil, err
	}
	if err := seed.Kubelet.Check(seed.Name, "node"); err != nil {
		return nil, err
	}
	return p, nil
}

// lossAs is what the choice of a seed costs. Of one whose own data could not be read nothing is known but that others
// have theirs.
func lossAs(seed string, r Ranking) *Loss {
	if c := r.candidate(seed); c != nil {
		return &c.Loss
	}
	l := &Loss{Unjudged: []string{seed}}
	for _, c := range slices.Concat(r.Candidates, r.weighed) {
		if c.Name != seed && !slices.Contains(l.Ahead, c.Name) {
			l.Ahead = append(l.Ahead, c.Name)
		}
	}
	slices.Sort(l.Ahead)
	return l
}

// checkLess refuses a seed on which less is kept than on another one, unless that is accepted by name. Where the forced
// start was begun, it has been decided.
func (p *SeedPlan) checkLess(journal *recovery.Journal) error {
	for _, name := range p.Less {
		if _, ok := p.Evidence.Find(name); !ok {
			return unknownNode("accept_less_than", name, recovery.Names(p.Evidence))
		}
	}
	if p.Loss == nil || journal.Mark(recovery.MarkForcing) != "" {
		return nil
	}
	more := slices.DeleteFunc(
		slices.Clone(p.Loss.Ahead),
		func(name string) bool { return slices.Contains(p.Less, name) },
	)
	if len(more) == 0 {
		return nil
	}
	var quoted []string
	for _, name := range p.Loss.Ahead {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	best := "leave node out, and plan again: the best one is taken"
	if p.Resuming {
		best = fmt.Sprintf(
			"nothing was forced yet: choose a new recovery_id instead of %s, and the best one is taken",
			p.RecoveryID,
		)
	}
	for _, name := range more {
		if why := unfit(p.Evidence.Node(name)); why != "" {
			best = fmt.Sprintf(
				"%s cannot be the seed as it is (%s): correct that if you can, and plan again",
				name,
				why,
			)
			break
		}
	}
	return &recovery.Refusal{
		Code:      recovery.CodeOthersHaveMore,
		Title:     "Another Master Has More",
		Attribute: "node",
		Found: fmt.Sprintf(
			"%s is to be the seed, and a forced start would keep more on %s: %s.",
			p.Node,
			recovery.Words(more),
			p.Loss.Text(p.Node),
		),
		Next: fmt.Sprintf(
			"%s. If it has to be %s, say what is given up: node = %q and accept_less_than = [%s].",
			best,
			p.Node,
			p.Node,
			strings.Join(quoted, ", "),
		),
	}
}

// texts fills in what will be written and where the data will be kept.
func (p *SeedPlan) texts(seed recovery.Evidence, journal *recovery.Journal) error {
	forced, err := manifest.Force([]byte(seed.Manifest))
	if err != nil {
		return &recovery.Refusal{
			Code:  recovery.CodeManifestNotEditable,
			Title: "Manifest Cannot Be Edited",
			Found: fmt.Sprintf("%s on %s: %v", seed.ManifestPath, seed.Name, err),
			Next:  "bring the manifest into a shape as kubeadm writes it, then plan again.",
		}
	}
	p.ManifestPath, p.Forced, p.Final = seed.ManifestPath, string(forced), seed.Manifest
	p.OldData, p.OldWAL = journal.Places(seed)
	if journal.Mark(recovery.MarkOldData) != "" {
		return nil
	}
	if need := seed.DataBytes + seed.DataBytes/20; seed.FreeBytes < need {
		return &recovery.Refusal{
			Code:      recovery.CodeNoSpace,
			Title:     "Not Enough Space for a Copy of the Data",
			Attribute: "node",
			Found: fmt.Sprintf(
				"%s holds %s of etcd data in %s and has %s free there; the copy that is made before the forced start "+
					"needs %s.",
				seed.Name,
				recovery.Size(seed.DataBytes),
				seed.DataDir,
				recovery.Size(seed.FreeBytes),
				recovery.Size(need),
			),
			Next: fmt.Sprintf(
				"free %s on the file system of %s on %s, then plan again.",
				recovery.Size(need-seed.FreeBytes),
				seed.DataDir,
				seed.Name,
			),
		}
	}
	return nil
}

// seedOf finds the master on which this recovery was begun, "" where it was not. Another recovery that was begun and
// not finished is in the way of every new one.
func seedOf(all recovery.Survey, req SeedRequest) (string, error) {
	for _, e := range all {
		for _, j := range e.Journals {
			if j.Operation != recovery.OperationSeed {
				continue
			}
			if j.ID != req.RecoveryID {
				// A cluster that has grown beyond its seed is past every recovery that was begun there.
				if j.Done() || j.Mark(recovery.MarkForcing) == "" || e.Quorum && len(e.Members) > 1 {
					continue
				}
				return "", &recovery.Refusal{
					Code:      recovery.CodeOtherUnfinished,
					Title:     "Another Recovery Is Unfinished",
					Attribute: "recovery_id",
					Found: fmt.Sprintf(
						"the journal on %s says that recovery %q began to force a new cluster there on %s and has "+
							"not finished.",
						e.Name,
						j.ID,
						j.Started.Format("2006-01-02 15:04:05 MST"),
					),
					Next: fmt.Sprintf("finish it first, with recovery_id = %q.", j.ID),
				}
			}
			if req.Node != "" && req.Node != e.Name {
				return "", &recovery.Refusal{
					Code:      recovery.CodeOtherSeed,
					Title:     "This Recovery Has Another Seed",
					Attribute: "node",
					Found: fmt.Sprintf(
						"recovery %q was begun with %s as its seed, and node names %s.",
						j.ID,
						e.Name,
						req.Node,
					),
					Next: fmt.Sprintf(
						"set node = %q to go on with it, or choose a new recovery_id to begin another recovery.",
						e.Name,
					),
				}
			}
			if alone := e.Quorum && len(e.Members) == 1; j.Done() && !alone {
				return "", &recovery.Refusal{
					Code:      recovery.CodeRecoveryFinished,
					Title:     "This Recovery Is Finished",
					Attribute: "recovery_id",
					Found: fmt.Sprintf(
						"the journal on %s says that recovery %q was finished on %s.",
						e.Name,
						j.ID,
						j.Finished.Format("2006-01-02 15:04:05 MST"),
					),
					Next: "to take its result into Terraform's state, import the seed (terraform import). If the " +
						"majority is lost once more, choose a new recovery_id.",
				}
			}
			return e.Name, nil
		}
	}
	return "", nil
}

// journalOf is the journal of this recovery, nil where none was begun.
func journalOf(all recovery.Survey, id string) *recovery.Journal {
	for _, e := range all {
		if j := e.SeedJournal(id); j != nil {
			return j
		}
	}
	return nil
}

// checkAnswers holds the masters given up against those that do not answer: they must be the same.
func checkAnswers(all recovery.Survey, lost []string) error {
	seen := map[string]bool{}
	for _, name := range lost {
		e, ok := all.Find(name)
		switch {
		case !ok:
			return unknownNode("lost_nodes", name, recovery.Names(all))
		case seen[name]:
			return &recovery.Refusal{
				Code:      recovery.CodeNodeTwice,
				Title:     "A Node Is Given Twice",
				Attribute: "lost_nodes",
				Found:     fmt.Sprintf("lost_nodes names %s twice.", name),
				Next:      "name each master once.",
			}
		case e.Reach != recovery.Silent:
			found := fmt.Sprintf("%s is in lost_nodes, but it answers over SSH", name)
			if e.ReachError != "" {
				found += fmt.Sprintf(" (%s)", e.ReachError)
			}
			return &recovery.Refusal{
				Code:      recovery.CodeLostNodeAnswers,
				Title:     "A Master Given Up Answers",
				Attribute: "lost_nodes",
				Found:     found + ": its etcd may run, or may start again.",
				Next: fmt.Sprintf(
					"take %s out of lost_nodes, so that its etcd is stopped before a new cluster is forced; or "+
						"switch the machine off for good.",
					name,
				),
			}
		}
		seen[name] = true
	}
	for _, e := range all {
		switch {
		case e.Reach == recovery.Refused && len(e.Elsewhere()) > 0:
			return refuseElsewhere(all...)
		case e.Reach == recovery.Refused:
			return &recovery.Refusal{
				Code:      recovery.CodeAccessRefused,
				Title:     "A Master Cannot Be Examined",
				Attribute: "survey",
				Found:     fmt.Sprintf("%s cannot be examined: %s.", e.Name, e.ReachError),
				Next: "put this access right and plan again. A master that may run etcd has to be stopped " +
					"before a new cluster is forced, so it cannot be left out.",
			}
		case e.Reach == recovery.Silent && !seen[e.Name] && len(SeenElsewhere(all)) > 0:
			return &recovery.Refusal{
				Code:      recovery.CodeReachableFromPeers,
				Title:     "A Master Does Not Answer",
				Attribute: "survey",
				Found: fmt.Sprintf("%s does not answer: %s. But %s.",
					e.Name, e.ReachError, recovery.Words(SeenElsewhere(all))),
				Next: "the cluster may be alive. Put SSH to the masters that do not answer right, or switch " +
					"them off for good, then plan again.",
			}
		case e.Reach == recovery.Silent && !seen[e.Name]:
			return &recovery.Refusal{
				Code:      recovery.CodeUnreachable,
				Title:     "A Master Does Not Answer",
				Attribute: "lost_nodes",
				Found: fmt.Sprintf(
					"%s does not answer: %s. Its etcd may still run where you cannot see it.",
					e.Name,
					e.ReachError,
				),
				Next: fmt.Sprintf(
					"bring %s back or make sure that it is switched off for good; in the latter case say so with "+
						"lost_nodes = [%q].",
					e.Name,
					e.Name,
				),
			}
		}
	}
	return nil
}

// checkLost refuses unless the majority is really gone.
func checkLost(v Verdict, all recovery.Survey, seed recovery.Evidence) error {
	switch {
	case len(v.Ahead) > 0:
		return foundedAnew(v.Ahead, v.Answers, all)
	case len(v.Unknown) > 0:
		return &recovery.Refusal{
			Code:      recovery.CodeMemberNotSurveyed,
			Title:     "A Member Is Not Among the Surveyed Nodes",
			Attribute: "survey",
			Found: fmt.Sprintf(
				"%s knows of members that none of the surveyed masters is: %s. Their etcd may still run.",
				seed.Name,
				strings.Join(v.Unknown, "; "),
			),
			Next: "add these masters to the survey's nodes (and to lost_nodes if they are gone for good), then plan " +
				"again.",
		}
	case v.State == Unreached:
		for _, e := range all {
			// It may be the one, and this says more.
			if e.Reach == recovery.Reached && e.MemberName == "" && len(e.Problems) > 0 {
				return masterProblem(e)
			}
		}
		return SeenAlive(v.Seen)
	case v.State == Alive, v.State == Startable, v.State == NoData:
		return refuseVerdict(v, all)
	case seed.Damage != "":
		return &recovery.Refusal{
			Code:      recovery.CodeSeedDamaged,
			Title:     "The Seed's Data Is Damaged",
			Attribute: "node",
			Found:     fmt.Sprintf("%s, in %s: %s.", seed.Name, seed.DataDir, seed.Damage),
			Next: "choose another master that has data. Where there is none, restore a snapshot (etcdutl " +
				"snapshot restore); the database alone may serve as one, with --skip-hash-check.",
		}
	case seed.TooNew != "":
		return &recovery.Refusal{
			Code:      recovery.CodeImageTooOld,
			Title:     "The Image Is Older Than the Data",
			Attribute: "node",
			Found:     seed.Name + ": " + seed.TooNew + ".",
			Next:      "set the image in " + seed.ManifestPath + " to the version that ran last, then plan again.",
		}
	case !seed.Readable:
		return &recovery.Refusal{
			Code:      recovery.CodeSeedEmpty,
			Title:     "The Seed Has No Data",
			Attribute: "node",
			Found:     fmt.Sprintf("%s has no readable etcd data in %s.", seed.Name, seed.DataDir),
			Next:      fmt.Sprintf("choose a master that has data: %s.", recovery.Words(v.WithData)),
		}
	case seed.Learner():
		return &recovery.Refusal{
			Code:      recovery.CodeSeedLearner,
			Title:     "The Seed Is a Learner",
			Attribute: "node",
			Found: fmt.Sprintf(
				"%s is a learner: etcd panics with \"removed all voters\" when a new cluster is forced on one.",
				seed.Name,
			),
			Next: "choose a master that was a voter.",
		}
	case seed.Disk != nil && seed.Disk.Removed:
		return &recovery.Refusal{
			Code:      recovery.CodeSeedRemoved,
			Title:     "The Seed Was Removed From Its Cluster",
			Attribute: "node",
			Found: fmt.Sprintf(
				"the data of %s says that its member %s was removed: etcd panics with \"removed all voters\" when a "+
					"new cluster is forced on it (etcd-io/etcd#13848).",
				seed.Name,
				seed.Disk.MemberID,
			),
			Next: "choose a master that was a voter to the end; what a removed member has ends with its removal.",
		}
	case removedFor(seed, all) != "":
		return &recovery.Refusal{
			Code:      recovery.CodeSeedRemoved,
			Title:     "The Seed Was Removed From Its Cluster",
			Attribute: "node",
			Found: fmt.Sprintf(
				"the data of %s says that the member of %s was removed from the cluster that both were in; what %s "+
					"has is older than that.",
				removedFor(seed, all),
				seed.Name,
				seed.Name,
			),
			Next: fmt.Sprintf(
				"choose another master. If it has to be %s, move the data on %s away (mv), then plan again.",
				seed.Name,
				removedFor(seed, all),
			),
		}
	}
	return nil
}

// SeenAlive refuses while etcd runs where it cannot be stopped.
func SeenAlive(seen []string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeLostNodeServes,
		Title:     "A Master Given Up Runs Etcd",
		Attribute: "lost_nodes",
		Found:     fmt.Sprintf("%s, and that master cannot be examined from here.", recovery.Words(seen)),
		Next: "switch that machine off, or put SSH to it right and take it out of lost_nodes. If it is no " +
			"member any more, take it out of --initial-cluster in the manifest.",
	}
}

func refuseVerdict(v Verdict, all recovery.Survey) error {
	switch v.State {
	case Alive:
		if have := apart(v.Answers, all); len(have) > 0 {
			return refuseApart(v, have)
		}
		return &recovery.Refusal{
			Code:      recovery.CodeClusterAlive,
			Title:     "The Cluster Is Alive",
			Attribute: "survey",
			Found:     v.Text + ". Forcing a new cluster would throw away the members that work.",
			Next: "remove etcdrecovery_seed from the configuration and let each broken master rejoin with " +
				"etcdrecovery_member (join = data.etcdrecovery_survey.….cluster).",
		}
	case Startable:
		var how []string
		for _, name := range v.WithData {
			e := all.Node(name)
			switch {
			case e.Running:
				text := name + ": etcd runs there; it needs its peers"
				if missing := cutOff(e); len(missing) > 0 {
					text += ", and does not reach " + recovery.Words(missing)
				}
				how = append(how, text)
			case e.Parked != "":
				how = append(how, fmt.Sprintf("%s: mv %s %s", name, e.Parked, e.ManifestPath))
			default:
				how = append(
					how,
					fmt.Sprintf(
						"%s: etcd's manifest is at %s but nothing runs; look at the kubelet (systemctl status "+
							"kubelet) and at the container's log",
						name,
						e.ManifestPath,
					),
				)
			}
		}
		return &recovery.Refusal{
			Code:      recovery.CodeClusterStartable,
			Title:     "The Cluster Only Needs to Be Started",
			Attribute: "survey",
			Found:     v.Text + ". With them etcd comes back with every write; a forced new cluster could lose some.",
			Next: "start etcd on these masters and wait for a leader:\n  " + strings.Join(
				how,
				"\n  ",
			) + "\nIf the data of one of them is damaged and etcd will not start with it, move that data away (mv) " +
				"and plan again.",
		}
	default:
		if own := refuseElsewhere(all...); own != nil {
			return own
		}
		if names := unplaced(all); len(names) > 0 {
			return &recovery.Refusal{
				Code:      recovery.CodeDataNotFound,
				Title:     "No etcd Data Was Found",
				Attribute: "survey",
				Found:     v.Text + "." + ProblemsOf(all),
				Next: fmt.Sprintf(
					"put etcd's manifest back on %s, which says where its data is, and plan again. kubeadm puts the "+
						"data into /var/lib/etcd: look there (ls -lR /var/lib/etcd/member) before you think of a "+
						"snapshot.",
					recovery.Words(names),
				),
			}
		}
		return &recovery.Refusal{
			Code:      recovery.CodeNoData,
			Title:     "No Master Has etcd Data",
			Attribute: "survey",
			Found:     v.Text + "." + ProblemsOf(all),
			Next:      "restore a snapshot (etcdutl snapshot restore); there is nothing to grow a cluster from.",
		}
	}
}

// foundedAnew refuses both ways: to force while something answers, and to give up the data of the master that knows
// more.
func foundedAnew(ahead, answers []string, all recovery.Survey) error {
	how := ""
	for _, name := range answers {
		how += fmt.Sprintf(
			"\n  %s: mkdir -p /var/lib/etcdrecovery/parked; mv %s /var/lib/etcdrecovery/parked/; and when etcd has "+
				"stopped: mv %s/member %s.founded-anew",
			name,
			all.Node(name).ManifestPath,
			all.Node(name).DataDir,
			all.Node(name).DataDir,
		)
	}
	who := "those masters"
	if len(answers) == 0 {
		who = "the masters of the other cluster"
	}
	return &recovery.Refusal{
		Code:      recovery.CodeClusterBehind,
		Title:     "The Cluster That Answers Knows Less",
		Attribute: "survey",
		Found: fmt.Sprintf(
			"a cluster answers with a quorum (%s), but %s has data that it never had. Masters that are started on "+
				"wiped disks can found a cluster anew, and empty.",
			recovery.Words(answers),
			recovery.Words(ahead),
		),
		Next: fmt.Sprintf(
			"if that is what happened, do not let %s join it. Stop etcd on %s and put what was founded aside, then "+
				"plan again with node = %q for the seed.%s\nIf the cluster was restored on purpose, from a snapshot, "+
				"move the old data on %s away (mv), then plan again.",
			recovery.Words(ahead),
			who,
			ahead[0],
			how,
			recovery.Words(ahead),
		),
	}
}

func masterProblem(e recovery.Evidence) error {
	if own := refuseElsewhere(e); own != nil {
		return own
	}
	return &recovery.Refusal{
		Code:      recovery.CodeNodeNotReady,
		Title:     "A Master Is Not Ready for This",
		Attribute: "survey",
		Found:     fmt.Sprintf("on %s: %s", e.Name, strings.Join(e.Problems, "; ")),
		Next:      "put this right, then plan again.",
	}
}

func unknownNode(attribute, name string, have []string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeUnknownNode,
		Title:     "Unknown Node",
		Attribute: attribute,
		Found:     fmt.Sprintf("%q is none of the surveyed nodes: %s.", name, recovery.Words(have)),
		Next:      "use one of these names, or add the master to the survey's nodes.",
	}
}

// Others are the masters that answer, but for the seed.
func (p *SeedPlan) Others() []string {
	var others []string
	for _, e := range p.Evidence {
		if e.Name != p.Node && !slices.Contains(p.Lost, e.Name) {
			others = append(others, e.Name)
		}
	}
	return others
}

// Reached are the masters that answer, the seed among them.
func (p *SeedPlan) Reached() []string {
	all := append(p.Others(), p.Node)
	slices.Sort(all)
	return all
}

// Cluster is the cluster as it will be after the plan: the seed alone.
func (p *SeedPlan) Cluster() recovery.Cluster {
	seed := p.Evidence.Node(p.Node)
	c := recovery.Cluster{Members: []manifest.Member{{Name: seed.MemberName, PeerURLs: seed.PeerURLs}}}
	if id := seed.Cluster(); id != 0 {
		c.ID = id.String()
	}
	return c
}

// Steps is the list that the plan shows and the apply walks.
func (p *SeedPlan) Steps() []recovery.Step {
	seed := p.Evidence.Node(p.Node)
	step := func(id recovery.StepID, nodes []string, title string) recovery.Step {
		return recovery.Step{ID: id, Operation: recovery.OperationSeed, Nodes: nodes, Title: title}
	}
	own := []string{p.Node}
	steps := []recovery.Step{
		step(recovery.StepLock, p.Reached(), "take the lock"),
		step(
			recovery.StepCheck,
			p.Reached(),
			"check that the masters are as they were in the plan, and the majority still lost",
		),
	}
	// The others first: while the seed answers them, wiped masters cannot found an empty cluster.
	if others := p.Others(); len(others) > 0 {
		steps = append(steps, step(
			recovery.StepStopOthers,
			others,
			"stop etcd: move its manifest out of the kubelet's folder; prove the container gone and the ports free",
		))
	}
	copied := fmt.Sprintf("copy %s (%s) to %s and compare", seed.DataDir, recovery.Size(seed.DataBytes), p.OldData)
	if p.OldWAL != "" {
		copied += fmt.Sprintf("; %s to %s", seed.WALDir, p.OldWAL)
	}
	return append(
		steps,
		step(recovery.StepStopSeed, own, "stop etcd in an orderly way, so that it writes down what it has committed"),
		step(recovery.StepCopy, own, copied),
		step(
			recovery.StepForce,
			own,
			"write the forced manifest to "+p.ManifestPath+"; start etcd; check that it is a cluster of one voter, "+
				"itself",
		),
		step(
			recovery.StepUnforce,
			own,
			"take the flag out: write the final manifest to "+p.ManifestPath+"; restart etcd; check that it runs "+
				"without the flag",
		),
		step(recovery.StepPeerURL, own, "make the recorded peer URL "+strings.Join(seed.PeerURLs, ",")),
		step(
			recovery.StepConfirm,
			own,
			"check the end state: one voter, a leader, no alarm, no force flag in any manifest",
		),
	)
}
