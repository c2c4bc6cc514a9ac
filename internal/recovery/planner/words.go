// Rules return what they have found; what is said of it stands in the files whose names end in words, and the titles of
// steps in those that end in steps: words.go (a request and its nodes), seedwords.go (a seed that cannot be forced),
// rankwords.go and losswords.go (the choice, and its price), verdictwords.go and clusterwords.go (the cluster),
// historywords.go (data of several histories), joinwords.go and standingwords.go (a member), elsewherewords.go (other
// distributions).

package planner

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

func unknownNodes(attribute string, names, have []string) error {
	is := "is"
	if len(names) > 1 {
		is = "are"
	}
	next := "use one of these names, or add the master to the survey's nodes."
	if attribute == "lost_nodes" {
		next = "use one of these names, or the ID or peer URL of a member that none of them is."
	}
	return &recovery.Refusal{
		Code:      recovery.CodeUnknownNode,
		Title:     "Unknown Node",
		Attribute: attribute,
		Found:     fmt.Sprintf("%s %s none of the surveyed nodes: %s.", quoted(names), is, recovery.Words(have)),
		Next:      next,
	}
}

func nodeProblem(e recovery.Evidence) error {
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

func twice(attribute, name string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeNodeTwice,
		Title:     "A Node Is Given Twice",
		Attribute: attribute,
		Found:     fmt.Sprintf("%s names %s twice.", attribute, name),
		Next:      "name each master once.",
	}
}

func lostNodeAnswers(e recovery.Evidence) error {
	found := fmt.Sprintf("%s is in lost_nodes, but it answers over SSH", e.Name)
	if e.ReachError != "" {
		found += fmt.Sprintf(" (%s)", e.ReachError)
	}
	return &recovery.Refusal{
		Code:      recovery.CodeLostNodeAnswers,
		Title:     "A Master Given Up Answers",
		Attribute: "lost_nodes",
		Found:     found + ": its etcd may run, or may start again.",
		Next: fmt.Sprintf(
			"take %s out of lost_nodes, so that its etcd is stopped before a new cluster is forced; or switch the "+
				"machine off for good.",
			e.Name,
		),
	}
}

func nothingToAccept() error {
	return &recovery.Refusal{
		Code:      recovery.CodeNothingToAccept,
		Title:     "Nothing to Accept",
		Attribute: "accept_less_than",
		Found:     "accept_less_than is set and node is not: the best master is taken, and nobody has more.",
		Next:      "take accept_less_than out, or name the seed with node.",
	}
}

func accessRefused(nodes []recovery.Evidence, attribute string) error {
	r := &recovery.Refusal{
		Code:      recovery.CodeAccessRefused,
		Title:     "A Master Cannot Be Examined",
		Attribute: attribute,
		Found:     notExamined(nodes),
		Next: "put this access right and plan again. A master that may run etcd has to be stopped before a new " +
			"cluster is forced, so it cannot be left out.",
	}
	if attribute == "node" {
		r.Next = "put this access right, then plan again."
	}
	return r
}

// notExamined says why nodes cannot be examined, once where it is the same but for name and address.
func notExamined(nodes []recovery.Evidence) string {
	var lines []string
	told := map[string]int{}
	for _, e := range nodes {
		own := regexp.MustCompile(`\b(` + regexp.QuoteMeta(e.Name) + `|` + regexp.QuoteMeta(e.Host) + `)\b`)
		reason := own.ReplaceAllString(e.ReachError, "")
		if i, same := told[reason]; same && e.Host != "" {
			lines[i] += fmt.Sprintf("\nThe same of %s.", e.Name)
			continue
		}
		told[reason] = len(lines)
		lines = append(lines, fmt.Sprintf("%s cannot be examined: %s.", e.Name, e.ReachError))
	}
	return strings.Join(lines, "\n")
}

func reachableFromPeers(silent []recovery.Evidence, seen []string) error {
	var why []string
	for _, e := range silent {
		why = append(why, silence(e))
	}
	return &recovery.Refusal{
		Code:      recovery.CodeReachableFromPeers,
		Title:     "A Master Does Not Answer",
		Attribute: "survey",
		Found:     fmt.Sprintf("%s But %s.", strings.Join(why, "\n"), recovery.Words(seen)),
		Next: "the cluster may be alive. Put SSH to the masters that do not answer right, or switch them off for " +
			"good, then plan again.",
	}
}

// silence says in a sentence that a node does not answer.
func silence(e recovery.Evidence) string {
	return fmt.Sprintf("%s does not answer: %s.", e.Name, strings.TrimRight(e.ReachError, ".?"))
}

// unreachable refuses while nodes do not answer that are not among those given up before. open are members that a node
// knows of, and that are at other addresses than the silent nodes.
func unreachable(silent []recovery.Evidence, lost []string, knows string, open []Seat) error {
	var why, give []string
	for _, e := range silent {
		why = append(why, silence(e))
		give = append(give, e.Name)
	}
	title, its, names := "A Master Does Not Answer", "Its", give[0]
	if len(silent) > 1 {
		title, its, names = "Masters Do Not Answer", "Their", "each"
	}
	found := fmt.Sprintf("%s %s etcd may still run where you cannot see it.", strings.Join(why, "\n"), its)
	next := fmt.Sprintf(
		"bring %s back or make sure that it is switched off for good; in the latter case say so with "+
			"lost_nodes = [%s].",
		names,
		quoted(slices.Concat(lost, give, addresses(open))),
	)
	if len(open) > 0 {
		found += fmt.Sprintf(
			"\n%s knows of members at other addresses than SSH was given: %s. They may be these masters, or "+
				"others.",
			knows,
			seats(open),
		)
		next += " A member on a machine that is not surveyed belongs among the survey's nodes instead."
	}
	return &recovery.Refusal{
		Code:      recovery.CodeUnreachable,
		Title:     title,
		Attribute: "lost_nodes",
		Found:     found,
		Next:      next,
	}
}

func otherSeed(j *recovery.Journal, began, named string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeOtherSeed,
		Title:     "This Recovery Has Another Seed",
		Attribute: "node",
		Found:     fmt.Sprintf("recovery %q was begun with %s as its seed, and node names %s.", j.ID, began, named),
		Next: fmt.Sprintf(
			"set node = %q to go on with it. To recover from %s instead, choose a new recovery_id and give this "+
				"recovery up: abandon = [%q].",
			began,
			named,
			j.ID,
		),
	}
}

func otherUnfinished(j recovery.Journal, node string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeOtherUnfinished,
		Title:     "Another Recovery Is Unfinished",
		Attribute: "recovery_id",
		Found: fmt.Sprintf(
			"the journal on %s says that recovery %q began to force a new cluster there on %s and has not finished. %s",
			node,
			j.ID,
			j.Started.Format("2006-01-02 15:04:05 MST"),
			j.Stands(""),
		),
		Next: fmt.Sprintf(
			"finish it, with recovery_id = %q. If it cannot be finished, give it up: abandon = [%q]; what the forced "+
				"start has left on %s will then not be the seed.",
			j.ID,
			j.ID,
			node,
		),
	}
}

func recoveryFinished(j *recovery.Journal, node string) error {
	found := fmt.Sprintf(
		"the journal on %s says that recovery %q was finished on %s.",
		node,
		j.ID,
		j.Ended.Format("2006-01-02 15:04:05 MST"),
	)
	if !j.Reached(recovery.PhaseFinished) {
		found = fmt.Sprintf(
			"the journal on %s is of a recovery %q that began on %s; the data there has had another life since.",
			node,
			j.ID,
			j.Started.Format("2006-01-02 15:04:05 MST"),
		)
	}
	return &recovery.Refusal{
		Code:      recovery.CodeRecoveryFinished,
		Title:     "This Recovery Is Finished",
		Attribute: "recovery_id",
		Found:     found,
		Next: "to take its result into Terraform's state, import the seed (terraform import). If the majority is " +
			"lost once more, choose a new recovery_id.",
	}
}

// seats are members with their addresses.
func seats(open []Seat) string {
	var members []string
	for _, s := range open {
		members = append(members, fmt.Sprintf("%s (%s)", s.Label(), strings.Join(s.PeerURLs, ",")))
	}
	return strings.Join(members, "; ")
}

// addresses are what lost_nodes calls members by that are none of the nodes.
func addresses(open []Seat) []string {
	var give []string
	for _, s := range open {
		give = append(give, append(slices.Clone(s.PeerURLs), s.ID.String())[0])
	}
	return give
}

// memberNotSurveyed refuses while nobody knows where members are. quiet are those that no node reaches: only they can
// be given up.
func memberNotSurveyed(knows string, open, quiet []Seat, lost []string) error {
	next := "add these masters to the survey's nodes."
	if len(quiet) > 0 {
		next += fmt.Sprintf(
			" Where nothing runs at such an address any more, because the machine is switched off or has another "+
				"address now, say so: lost_nodes = [%s].",
			quoted(slices.Concat(lost, addresses(quiet))),
		)
	}
	return &recovery.Refusal{
		Code:      recovery.CodeMemberNotSurveyed,
		Title:     "A Member Is Not Among the Surveyed Nodes",
		Attribute: "survey",
		Found: fmt.Sprintf(
			"%s knows of members that none of the surveyed masters is: %s. Their etcd may still run.",
			knows,
			seats(open),
		),
		Next: next + " Then plan again.",
	}
}

func othersHaveMore(p *SeedPlan, more []string) error {
	found := fmt.Sprintf("a forced start would keep more on %s", recovery.Words(p.Loss.Ahead))
	if len(p.Loss.Ahead) == 0 {
		found = recovery.Words(more) + " may have more"
	}
	return &recovery.Refusal{
		Code:      recovery.CodeOthersHaveMore,
		Title:     "Another Master Has More",
		Attribute: "node",
		Found:     fmt.Sprintf("%s is to be the seed, and %s: %s.", p.Node, found, p.Loss.Text(p.Node)),
		Next: fmt.Sprintf(
			"%s. If it has to be %s, say what is given up: node = %q and accept_less_than = [%s].",
			insteadOf(p, more),
			p.Node,
			p.Node,
			quoted(p.Loss.price()),
		),
	}
}

// insteadOf is what to do rather than to lose what others have.
func insteadOf(p *SeedPlan, more []string) string {
	for _, name := range more {
		e := p.Evidence.Node(name)
		switch why := unfit(e); {
		case forsaken(withAbandoned(recovery.Survey{e}, p.SeedRequest)[0]):
			text := fmt.Sprintf("the data of %s was rewritten by a forced start that was given up", name)
			if id := goesOn(e, p.Evidence); id != "" {
				text += fmt.Sprintf(": to keep it, take that recovery out of abandon, and set recovery_id = %q", id)
			}
			return text
		case e.Learner() || e.Disk != nil && e.Disk.Removed || unlisted(e):
			return fmt.Sprintf(
				"%s cannot be the seed as it is (%s); what it has more can be kept only by a restore of its database "+
					"(etcdutl snapshot restore --skip-hash-check, of a copy of %s/member/snap/db)",
				name,
				why.words(e),
				e.DataDir,
			)
		case why != "":
			return fmt.Sprintf(
				"%s cannot be the seed as it is (%s): correct that if you can, and plan again", name, why.words(e),
			)
		}
	}
	ranking := Rank(withAbandoned(p.Evidence, p.SeedRequest), p.Lost)
	other := ranking.bestBeside(p.Node)
	switch {
	case p.Evidence.Node(p.Node).SeedJournal(p.RecoveryID).Reached(recovery.PhaseForcing):
		return fmt.Sprintf(
			"the forced start on %s is not verified yet: to recover from another master, choose a new recovery_id, "+
				"and give this recovery up with abandon = [%q]",
			p.Node,
			p.RecoveryID,
		)
	case p.Resuming:
		return fmt.Sprintf(
			"nothing was forced yet: choose a new recovery_id instead of %s, and the best one is taken",
			p.RecoveryID,
		)
	case ranking.Undecided == "":
		return "leave node out, and plan again: the best one is taken"
	case other != "":
		return fmt.Sprintf("choose %s, on which it keeps more, and plan again: node = %q", other, other)
	}
	return "decide which of them has the data to keep (etcdutl snapshot status …/member/snap/db, on each), and name " +
		"that one with node"
}

func manifestNotEditable(e recovery.Evidence, attribute string, err error) error {
	return &recovery.Refusal{
		Code:      recovery.CodeManifestNotEditable,
		Title:     "Manifest Cannot Be Edited",
		Attribute: attribute,
		Found:     fmt.Sprintf("%s on %s: %v", e.ManifestPath, e.Name, err),
		Next:      "bring the manifest into a shape as kubeadm writes it, then plan again.",
	}
}

func noSpace(e recovery.Evidence, need int64, past []string) error {
	older := ""
	if len(past) > 0 {
		older = fmt.Sprintf(" Copies that this recovery made before etcd ran again are at %s.", recovery.Words(past))
	}
	return &recovery.Refusal{
		Code:      recovery.CodeNoSpace,
		Title:     "Not Enough Space for a Copy of the Data",
		Attribute: "node",
		Found: fmt.Sprintf(
			"%s holds %s of etcd data in %s and has %s free there; the copy that is made before the forced start, and "+
				"etcd's first log file, need %s.%s",
			e.Name,
			recovery.Size(e.DataBytes),
			e.DataDir,
			recovery.Size(e.FreeBytes),
			recovery.Size(need),
			older,
		),
		Next: fmt.Sprintf(
			"free %s on the file system of %s on %s, then plan again.",
			recovery.Size(need-e.FreeBytes),
			e.DataDir,
			e.Name,
		),
	}
}

func seedLostItsData(n *Node, j *recovery.Journal) error {
	return &recovery.Refusal{
		Code:      recovery.CodeSeedEmpty,
		Title:     "The Seed Has Lost Its Data",
		Attribute: "node",
		Found: fmt.Sprintf(
			"recovery %q has begun a forced start on %s, and its data is not in %s any more: %s. %s",
			j.ID,
			n.Name,
			n.DataDir,
			n.Why,
			j.Stands(""),
		),
		Next: fmt.Sprintf(
			"where a disk is not mounted, mount it and plan again. Otherwise recover from another node: choose a new "+
				"recovery_id and give this one up with abandon = [%q]; or put the copy from %s back into %s first.",
			j.ID,
			j.Copy().Data,
			n.DataDir,
		),
	}
}
