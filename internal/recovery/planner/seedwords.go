package planner

import (
	"cmp"
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// Why a node is the seed, beside that it is the best one.

func isNamed(node string) string { return node + " is named in the configuration" }

func wasBegun(j *recovery.Journal) string { return fmt.Sprintf("recovery %s %s", j.ID, j.HowFar()) }

// isAbandoned says what a recovery has done that is given up.
func isAbandoned(j recovery.Journal, node string) string {
	return fmt.Sprintf("%s on %s: %s", j.ID, node, cmp.Or(j.SeedStands(), "it had only begun."))
}

func seedDamaged(e recovery.Evidence) error {
	return &recovery.Refusal{
		Code:      recovery.CodeSeedDamaged,
		Title:     "The Seed's Data Is Damaged",
		Attribute: "node",
		Found:     fmt.Sprintf("%s, in %s: %s.", e.Name, e.DataDir, e.Damage),
		Next: "choose another master that has data. Where there is none, restore a snapshot (etcdutl snapshot " +
			"restore); the database alone may serve as one, with --skip-hash-check.",
	}
}

func imageTooOld(e recovery.Evidence) error {
	return &recovery.Refusal{
		Code:      recovery.CodeImageTooOld,
		Title:     "The Image Is Older Than the Data",
		Attribute: "node",
		Found:     e.Name + ": " + e.TooNew + ".",
		Next:      "set the image in " + e.ManifestPath + " to the version that ran last, then plan again.",
	}
}

func seedEmpty(n *Node, withData []string) error {
	found := fmt.Sprintf("%s has no readable etcd data in %s.", n.Name, n.DataDir)
	if n.Holds == Unknown && n.Why != "" {
		found += " " + n.Why + "."
	}
	return &recovery.Refusal{
		Code:      recovery.CodeSeedEmpty,
		Title:     "The Seed Has No Data",
		Attribute: "node",
		Found:     found,
		Next:      fmt.Sprintf("choose a master that has data: %s.", recovery.Words(withData)),
	}
}

// instead adds to what is in the way of a seed what has to be thought of before another one is chosen.
func instead(r *recovery.Refusal, begun *recovery.Journal, unsure []*Node) error {
	said := *r
	if begun != nil {
		said.Next += " " + giveUp(begun)
	}
	for _, n := range unsure {
		said.Next += fmt.Sprintf(" What %s has is not known (%s): find that out first.", n.Name, n.Why)
	}
	return &said
}

// giveUp says how another seed than that of a recovery which was begun can be had.
func giveUp(j *recovery.Journal) string {
	return fmt.Sprintf(
		"This recovery was begun with it: for another master, choose a new recovery_id and give this one up with "+
			"abandon = [%q].",
		j.ID,
	)
}

func seedForsaken(e recovery.Evidence, all recovery.Survey, others bool) error {
	next := afterForcing(e, all)
	if others {
		next = "choose another master that has data. " + next
	}
	return &recovery.Refusal{
		Code:      recovery.CodeSeedDamaged,
		Title:     "The Seed's Data Was Forced Before",
		Attribute: "node",
		Found: fmt.Sprintf(
			"a recovery that was given up has begun a forced start on %s, which rewrites the log.",
			e.Name,
		),
		Next: next,
	}
}

// afterForcing is what can be done with data at which a forced start has been that was given up.
func afterForcing(e recovery.Evidence, all recovery.Survey) string {
	text := ""
	if id := goesOn(e, all); id != "" {
		text = fmt.Sprintf(
			"If the recovery that was given up on %s is to go on after all, take it out of abandon, and set "+
				"recovery_id = %q: its data is weighed and copied anew. ",
			e.Name,
			id,
		)
	}
	return text + "To go back, put the copy on " + e.Name + " back that the journal names, and move the journal away."
}

// goesOn is the recovery whose forced start has been at a node's data, and which can still be taken up; "" for none.
func goesOn(e recovery.Evidence, all recovery.Survey) string {
	if removedFor(e, all) != "" {
		return ""
	}
	for _, j := range e.Journals {
		if j.Operation == recovery.OperationSeed && j.Reached(recovery.PhaseForcing) &&
			(j.Open() || j.Phase == recovery.PhaseAbandoned && !e.Outlived(&j)) {
			return j.ID
		}
	}
	return ""
}

func seedLearner(name string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeSeedLearner,
		Title:     "The Seed Is a Learner",
		Attribute: "node",
		Found: fmt.Sprintf(
			"%s is a learner: etcd panics with \"removed all voters\" when a new cluster is forced on one.",
			name,
		),
		Next: "choose a master that was a voter.",
	}
}

func seedUnlisted(name string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeSeedRemoved,
		Title:     "The Seed Is Not in Its Own Member List",
		Attribute: "node",
		Found: fmt.Sprintf(
			"%s was added to the cluster by an entry that it has not applied: etcd panics with \"removed all voters\" "+
				"when a new cluster is forced on it.",
			name,
		),
		Next: "choose another master that has data.",
	}
}

func seedRemoved(e recovery.Evidence) error {
	return &recovery.Refusal{
		Code:      recovery.CodeSeedRemoved,
		Title:     "The Seed Was Removed From Its Cluster",
		Attribute: "node",
		Found: fmt.Sprintf(
			"the data of %s says that its member %s was removed: etcd panics with \"removed all voters\" when a new "+
				"cluster is forced on it (etcd-io/etcd#13848).",
			e.Name,
			e.Disk.MemberID,
		),
		Next: "choose a master that was a voter to the end; what a removed member has ends with its removal.",
	}
}

func seedRemovedBy(name, by string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeSeedRemoved,
		Title:     "The Seed Was Removed From Its Cluster",
		Attribute: "node",
		Found: fmt.Sprintf(
			"the data of %s says that the member of %s was removed from the cluster that both were in; what %s has "+
				"is older than that.",
			by,
			name,
			name,
		),
		Next: fmt.Sprintf(
			"choose another master. If it has to be %s, move the data on %s away (mv), then plan again.",
			name,
			by,
		),
	}
}

func authEnabled(name string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeAuthEnabled,
		Title:     "etcd Asks for a Password",
		Attribute: "node",
		Found: fmt.Sprintf(
			"authentication is enabled in the etcd of %s (etcdctl auth enable). Members can then be added and removed "+
				"by etcd's root user alone, and nothing that comes after a forced start could be done.",
			name,
		),
		Next: "while a member answers, disable it (etcdctl --user root auth disable), then plan again, and enable it " +
			"when all members are there. Without a quorum it cannot be disabled: force the cluster by hand, disable " +
			"it, then let the other masters join with etcdrecovery_member.",
	}
}

func seedDeniesClient(e recovery.Evidence) error {
	return &recovery.Refusal{
		Code:      recovery.CodeSeedDeniesClient,
		Title:     "The Seed Does Not Let This Client In",
		Attribute: "node",
		Found: fmt.Sprintf(
			"etcd runs on %s, and asking it fails: %s. After a forced start nothing could be checked.",
			e.Name,
			e.Unknown.Status,
		),
		Next: "the client certificate is healthcheck-client.crt beside the server's, or the server's own where that " +
			"is missing, which then needs clientAuth among its key usages. Make one (kubeadm init phase certs " +
			"etcd-healthcheck-client), then plan again.",
	}
}

func mustRunFirst(seed recovery.Evidence) error {
	image, next := seed.Image, ""
	if seed.Version() == nil {
		image += ", which does not tell its version"
		next = fmt.Sprintf(
			" If it is 3.5.22, 3.6.1 or later, you can say so instead: put the tag into %s "+
				"(…:3.6.5-0@sha256:…), then plan again.",
			seed.ManifestPath,
		)
	}
	if seed.SentAway() {
		next += " " + whoSentItAway(seed) + ", and so that the next plan reads what is on the other's disk."
	}
	return &recovery.Refusal{
		Code:      recovery.CodeMustRunFirst,
		Title:     "This Etcd Must Run Before It Is Forced",
		Attribute: "node",
		Found: fmt.Sprintf(
			"etcd does not run on %s, and its image is %s. Before 3.5.22 and 3.6.1 a forced start after a crash or a "+
				"power loss can leave the members with different data (etcd-io/etcd#14009); one after an orderly "+
				"stop cannot.",
			seed.Name,
			image,
		),
		Next: fmt.Sprintf(
			"let etcd start on %s as it is, alone and without a leader (systemctl status kubelet, and the "+
				"container's log, say what is in the way), then plan again: it is stopped in an orderly way before "+
				"it is forced.",
			seed.Name,
		) + next,
	}
}

func commitIsBehind(seed recovery.Evidence, disk *recovery.OnDisk) error {
	return &recovery.Refusal{
		Code:  recovery.CodeCommitBehind,
		Title: "The Seed's Log Is Behind Its Database",
		Found: fmt.Sprintf(
			"etcd is stopped on %s, its log says that the entries up to %d are committed, and its database has those "+
				"up to %d, as after a crash or a power loss. A forced start with %s forgets the difference, and "+
				"members that join would have other data than the seed (etcd-io/etcd#14009).",
			seed.Name,
			disk.Commit,
			disk.ConsistentIndex,
			seed.Image,
		),
		Next: fmt.Sprintf(
			"to start and stop etcd again does not change that. Put the image of an etcd that forgets nothing into %s "+
				"on %s (3.5.22 or a later 3.5 for data of 3.4 and 3.5, 3.6.1 or a later 3.6 for data of 3.6), wait "+
				"until etcd runs with it, then plan again.",
			seed.ManifestPath,
			seed.Name,
		),
	}
}
