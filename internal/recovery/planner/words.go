package planner

import (
	"fmt"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

func unknownNode(attribute, name string, have []string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeUnknownNode,
		Title:     "Unknown Node",
		Attribute: attribute,
		Found:     fmt.Sprintf("%q is none of the surveyed nodes: %s.", name, recovery.Words(have)),
		Next:      "use one of these names, or add the master to the survey's nodes.",
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
	case Undetermined:
		if own := refuseElsewhere(all...); own != nil {
			return own
		}
		return dataUnknown(v, all)
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

func accessRefused(e recovery.Evidence, attribute string) error {
	r := &recovery.Refusal{
		Code:      recovery.CodeAccessRefused,
		Title:     "A Master Cannot Be Examined",
		Attribute: attribute,
		Found:     fmt.Sprintf("%s cannot be examined: %s.", e.Name, e.ReachError),
		Next: "put this access right and plan again. A master that may run etcd has to be stopped before a new " +
			"cluster is forced, so it cannot be left out.",
	}
	if attribute == "node" {
		r.Next = "put this access right, then plan again."
	}
	return r
}

func reachableFromPeers(e recovery.Evidence, seen []string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeReachableFromPeers,
		Title:     "A Master Does Not Answer",
		Attribute: "survey",
		Found:     fmt.Sprintf("%s does not answer: %s. But %s.", e.Name, e.ReachError, recovery.Words(seen)),
		Next: "the cluster may be alive. Put SSH to the masters that do not answer right, or switch them off for " +
			"good, then plan again.",
	}
}

func unreachable(e recovery.Evidence) error {
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
			"finish it, with recovery_id = %q. If it cannot be finished, give it up: abandon = [%q]; what %s has "+
				"will then not be the seed.",
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
		j.Finished.Format("2006-01-02 15:04:05 MST"),
	)
	if j.Finished.IsZero() {
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

func memberTwice(n, o *Node) error {
	found := fmt.Sprintf("%s and %s both have the data of member %s.", n.Name, o.Name, n.Member)
	if n.Member != o.Member {
		found = fmt.Sprintf(
			"%s and %s both answer as cluster %s, and neither has the other among its members.",
			n.Name,
			o.Name,
			n.Cluster(),
		)
	}
	return &recovery.Refusal{
		Code:      recovery.CodeMemberTwice,
		Title:     "Two Nodes Claim One Place in the Cluster",
		Attribute: "survey",
		Found: found + " One cluster cannot be so: a snapshot was restored on each of them by itself, or the data " +
			"was copied from one to the other.",
		Next: fmt.Sprintf(
			"find out which of %s and %s has the data that counts (etcdctl endpoint status; etcdctl get). On the "+
				"other one stop etcd (move its manifest out of the kubelet's folder) and move its data aside (mv), "+
				"then plan again: it joins as a new member.",
			n.Name,
			o.Name,
		),
	}
}

func clusterServes(seed, serving recovery.Evidence) error {
	found := fmt.Sprintf(
		"a cluster of %d members answers on %s, and this recovery would stop it to go on with %s alone.",
		len(serving.Members),
		serving.Name,
		seed.Name,
	)
	next := "let each broken master join it with etcdrecovery_member, and take etcdrecovery_seed out of the " +
		"configuration (or import it)."
	if seed.ForceFlag != "" {
		found = fmt.Sprintf("%s on %s has the force-new-cluster flag. Then ", seed.ForceFlag, seed.Name) + found
		next = fmt.Sprintf(
			"take the flag out of %s on %s before etcd starts there again: it would throw all other members out. Then ",
			seed.ForceFlag,
			seed.Name,
		) + next
	}
	return &recovery.Refusal{
		Code:      recovery.CodeClusterAlive,
		Title:     "The Cluster Is Alive",
		Attribute: "survey",
		Found:     found,
		Next:      next,
	}
}

func memberNotSurveyed(seed string, open []Seat) error {
	var members, give []string
	for _, s := range open {
		members = append(members, fmt.Sprintf("%s (%s)", s.Name, strings.Join(s.PeerURLs, ",")))
		if len(s.PeerURLs) > 0 {
			give = append(give, s.PeerURLs[0])
		} else {
			give = append(give, s.ID.String())
		}
	}
	return &recovery.Refusal{
		Code:      recovery.CodeMemberNotSurveyed,
		Title:     "A Member Is Not Among the Surveyed Nodes",
		Attribute: "survey",
		Found: fmt.Sprintf(
			"%s knows of members that none of the surveyed masters is: %s. Their etcd may still run.",
			seed,
			strings.Join(members, "; "),
		),
		Next: fmt.Sprintf(
			"add these masters to the survey's nodes. Where nothing runs at such an address any more, because the "+
				"machine is gone for good or has another address now, say so: lost_nodes = [%s].",
			quoted(give),
		),
	}
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

func seedForsaken(e recovery.Evidence) error {
	return &recovery.Refusal{
		Code:      recovery.CodeSeedDamaged,
		Title:     "The Seed's Data Was Forced Before",
		Attribute: "node",
		Found: fmt.Sprintf(
			"a recovery that was given up has begun a forced start on %s, which rewrites the log.",
			e.Name,
		),
		Next: "choose another master; or put the copy back that the journal names, and move the journal away.",
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

func othersHaveMore(p *SeedPlan, more []string) error {
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
			quoted(p.Loss.Ahead),
		),
	}
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

func noSpace(e recovery.Evidence, need int64) error {
	return &recovery.Refusal{
		Code:      recovery.CodeNoSpace,
		Title:     "Not Enough Space for a Copy of the Data",
		Attribute: "node",
		Found: fmt.Sprintf(
			"%s holds %s of etcd data in %s and has %s free there; the copy that is made before the forced start, and "+
				"etcd's first log file, need %s.",
			e.Name,
			recovery.Size(e.DataBytes),
			e.DataDir,
			recovery.Size(e.FreeBytes),
			recovery.Size(need),
		),
		Next: fmt.Sprintf(
			"free %s on the file system of %s on %s, then plan again.",
			recovery.Size(need-e.FreeBytes),
			e.DataDir,
			e.Name,
		),
	}
}

// dataUnknown refuses to decide on what nobody has seen.
func dataUnknown(v Verdict, s recovery.Survey) error {
	var why []string
	for _, name := range v.Unsure {
		_, text := holding(s.Node(name))
		why = append(why, name+": "+text)
	}
	return &recovery.Refusal{
		Code:      recovery.CodeDataUnknown,
		Title:     "It Is Not Known What a Node Has",
		Attribute: "survey",
		Found:     v.Text + ".\n  " + strings.Join(why, "\n  "),
		Next: "what is not seen is not gone. Put right what is named above, and plan again: mount the disk, or where " +
			"the disk is gone for good take it out of /etc/fstab (or remove its mount unit); where etcd cannot be " +
			"asked, stop it by moving its manifest away.",
	}
}

func joinerUnreachable(e recovery.Evidence) error {
	return &recovery.Refusal{
		Code:      recovery.CodeUnreachable,
		Title:     "The Master Does Not Answer",
		Attribute: "node",
		Found:     fmt.Sprintf("%s: %s.", e.Name, e.ReachError),
		Next:      fmt.Sprintf("bring %s back, or leave its etcdrecovery_member out of this apply.", e.Name),
	}
}

func joinerUnknown(name, why string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeDataUnknown,
		Title:     "It Is Not Known What a Node Has",
		Attribute: "node",
		Found:     fmt.Sprintf("%s: %s.", name, why),
		Next: "mount the disk, then plan again. Where it is gone for good, take it out of /etc/fstab (or remove its " +
			"mount unit).",
	}
}

func recordedAtLoopback(e recovery.Evidence, member, url string) error {
	return &recovery.Refusal{
		Code:      recovery.CodePeersOutOfReach,
		Title:     "A Member Is Recorded at a Loopback Address",
		Attribute: "join",
		Found: fmt.Sprintf(
			"the cluster has its member %s at %s, where only that master itself finds it: %s could not join.",
			member,
			url,
			e.Name,
		),
		Next: fmt.Sprintf(
			"give that member the address of its master (etcdctl member list; etcdctl member update ID "+
				"--peer-urls=https://ADDRESS-OF-%s:2380), then plan again.",
			member,
		),
	}
}

func peersOutOfReach(e recovery.Evidence) error {
	var urls []string
	for _, p := range e.Peers {
		urls = append(urls, p.URL)
	}
	return &recovery.Refusal{
		Code:      recovery.CodePeersOutOfReach,
		Title:     "The Cluster's Members Are Out of Reach",
		Attribute: "join",
		Found:     fmt.Sprintf("%s reaches none of the cluster's members at %s.", e.Name, recovery.Words(urls)),
		Next: "put the network between the masters right (a firewall? port 2380), or the recorded addresses " +
			"(etcdctl member list; etcdctl member update ID --peer-urls=…), then plan again.",
	}
}

func servesUnasked(e recovery.Evidence) error {
	return &recovery.Refusal{
		Code:      recovery.CodeClusterAlive,
		Title:     "The Cluster May Be Alive",
		Attribute: "survey",
		Found: fmt.Sprintf(
			"etcd runs on %s as the only member of its cluster, and cannot be asked: %s. It may serve.",
			e.Name,
			e.StatusError,
		),
		Next: fmt.Sprintf(
			"put right what keeps it from answering (its certificates?), then plan again. If it is not to serve, stop "+
				"it by moving %s away.",
			e.ManifestPath,
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
			j.Places.Data,
			n.DataDir,
		),
	}
}

func forceInManifest(e recovery.Evidence) error {
	return &recovery.Refusal{
		Code:      recovery.CodeForceInManifest,
		Title:     "The Force Flag Is in a Manifest",
		Attribute: "survey",
		Found: fmt.Sprintf(
			"%s on %s has the force-new-cluster flag, and this recovery did not put it there: at its next start etcd "+
				"would throw all other members out.",
			e.ForceFlag,
			e.Name,
		),
		Next: "find out who put it there, take the flag out of that file (and -force-new-cluster out of the pod's " +
			"name), then plan again.",
	}
}
