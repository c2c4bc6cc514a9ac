package planner

import (
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

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

// giveUp says how another seed than that of a recovery which was begun can be had.
func giveUp(j *recovery.Journal) string {
	return fmt.Sprintf(
		"This recovery was begun with it: for another master, choose a new recovery_id and give this one up with "+
			"abandon = [%q].",
		j.ID,
	)
}

func seedForsaken(e recovery.Evidence) error {
	return &recovery.Refusal{
		Code:      recovery.CodeSeedDamaged,
		Title:     "The Seed's Data Was Forced Before",
		Attribute: "node",
		Found: fmt.Sprintf(
			"a recovery that was given up has begun a forced start on %s, which rewrites the log.",
			e.Name,
		),
		Next: "choose another master. If that recovery is to go on after all, take it out of abandon, and set " +
			"recovery_id to it; or put the copy back that the journal names, and move the journal away.",
	}
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
			e.StatusError,
		),
		Next: "the client certificate is healthcheck-client.crt beside the server's, or the server's own where that " +
			"is missing, which then needs clientAuth among its key usages. Make one (kubeadm init phase certs " +
			"etcd-healthcheck-client), then plan again.",
	}
}
