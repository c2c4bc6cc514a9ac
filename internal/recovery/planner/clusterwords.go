package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// reaches says which member a node reaches.
func reaches(node string, p recovery.Peer) string {
	return fmt.Sprintf("%s reaches the etcd of %s at %s", node, peerName(p), p.URL)
}

func isWithoutEtcd(nodes []string) string {
	return fmt.Sprintf(" (node %s, on which no etcd was running)", recovery.Words(nodes))
}

// parking is how etcd is stopped by hand so that the next plan still finds its manifest. Where that is parked already,
// what runs is another text, which must not take its place.
func parking(e recovery.Evidence) string {
	if e.Parked != "" {
		return fmt.Sprintf("mv %s %s.forced", e.ManifestPath, e.Parked)
	}
	dir := cmp.Or(e.ParkedDir, "/var/lib/etcdrecovery/parked")
	return fmt.Sprintf("mkdir -p %s; mv %s %s/", dir, cmp.Or(e.ManifestPath, "its manifest"), dir)
}

// SeenAlive refuses while etcd runs where it cannot be stopped.
func SeenAlive(seen []string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeLostNodeServes,
		Title:     "An Etcd Runs That Cannot Be Examined",
		Attribute: "lost_nodes",
		Found:     fmt.Sprintf("%s, and that etcd cannot be examined from here.", recovery.Words(seen)),
		Next: "switch that machine off, or put SSH to it right and take it out of lost_nodes. If it is no " +
			"member any more, take it out of --initial-cluster in the manifest. Where it is at the address of a node " +
			"that was examined, plan again, since that may just have been starting; else another machine has that " +
			"address (ip neighbour), or an etcd runs there that is no static pod (ss -ltnp).",
	}
}

func refuseVerdict(v Verdict, all recovery.Survey) error {
	switch v.State {
	case Alive:
		if have := apart(v.Answers, all); len(have) > 0 {
			return refuseApart(v, have)
		}
		if len(v.Unsure) > 0 {
			return dataUnknown(v, all)
		}
		return &recovery.Refusal{
			Code:      recovery.CodeClusterAlive,
			Title:     "The Cluster Is Alive",
			Attribute: "survey",
			Found:     v.Text + ". Forcing a new cluster would throw away the members that work.",
			Next: flagsOut(all, nil) + "remove etcdrecovery_seed from the configuration and let each broken master " +
				"rejoin with etcdrecovery_member (join = data.etcdrecovery_survey.….cluster).",
		}
	case Startable:
		return startable(v, all)
	case Undetermined:
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
		if i := slices.IndexFunc(all, forcedInVain); i >= 0 {
			return seedForsaken(all[i], all, false)
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

// flagsOut is what to do first where the force flag is in a manifest of a node that is not said more of; "" where it is
// in none. One that may have been forced is only stopped: it would serve alone.
func flagsOut(all recovery.Survey, but []string) string {
	text := ""
	for _, e := range all {
		if e.ForceFlag == "" || slices.Contains(but, e.Name) {
			continue
		}
		text += fmt.Sprintf(
			"%s on %s has the force-new-cluster flag: at its next start etcd would throw all other members out. Take "+
				"it out of the kubelet's folder first",
			e.ForceFlag,
			e.Name,
		)
		switch {
		case e.Parked != "" && e.KnowsOthers():
			text += fmt.Sprintf(" (mv %s %s)", e.Parked, e.ForceFlag)
		case e.Parked != "":
			text += fmt.Sprintf(" (%s)", parking(e))
		}
		text += ". Then "
	}
	return text
}

// foundedAnew refuses both ways: to force while something answers, and to give up the data of the master that knows
// more.
func foundedAnew(ahead, answers []string, all recovery.Survey) error {
	how := ""
	for _, name := range answers {
		how += fmt.Sprintf(
			"\n  %s: %s; and when etcd has stopped: mv %s/member %[3]s.founded-anew",
			name,
			parking(all.Node(name)),
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
			"a cluster answers with a quorum (%s), and there is data on %s that it never had. Masters that are "+
				"started on wiped disks can found a cluster anew, and empty.",
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

// dataUnknown refuses to decide on what nobody has seen.
func dataUnknown(v Verdict, s recovery.Survey) error {
	if own := refuseElsewhere(s...); own != nil {
		return own
	}
	var found, next []string
	for _, name := range v.Unsure {
		why, how := unknown(s.Node(name))
		found, next = append(found, name+": "+why), append(next, name+": "+how)
	}
	r := &recovery.Refusal{
		Code:      recovery.CodeDataUnknown,
		Title:     "It Is Not Known What a Node Has",
		Attribute: "survey",
		Found:     v.Text + ".\n  " + strings.Join(found, "\n  "),
		Next: "what is not seen is not gone. Find out what is there, and plan again:\n  " +
			strings.Join(next, "\n  "),
	}
	if v.State == Alive {
		r.Found += "\nMasters that are started on wiped disks can found a cluster anew, and empty: such a one " +
			"answers, and has less."
		r.Next += "\nIf the cluster that answers turns out to have everything, nothing is to be forced: remove " +
			"etcdrecovery_seed from the configuration then, and let each broken master rejoin with etcdrecovery_member."
	}
	return r
}

// unknown is why nobody knows what a node has, and how that is found out without etcd being started on it.
func unknown(e recovery.Evidence) (why, how string) {
	_, why = holding(e)
	switch {
	case e.Unknown.Data != "":
		how = "mount the disk; where it is lost, take out what names it: in /etc/fstab, a mount unit, or a journal"
	case e.Bare:
		how = "look at whose data that is; if nobody wants it, move it away (mv)"
	case e.StrayData != "":
		how = cmp.Or(append(slices.Clone(e.Problems), "put etcd's manifest back")...)
		how = strings.TrimSuffix(how, ", then plan again") + "; if nobody wants that data, move it away (mv)"
	case e.Running:
		why = cmp.Or(e.Unknown.Status, why)
		how = fmt.Sprintf(
			"put right what keeps it from answering, or stop etcd (%s): its data is read then", parking(e),
		)
	case len(e.Problems) > 0:
		how = strings.TrimSuffix(e.Problems[0], ", then plan again")
	default:
		why = cmp.Or(e.Unknown.Disk, why)
		how = "put right what keeps its data from being read"
	}
	return why, how
}

func oneMemberOnTwo(a, b string, member etcd.ID) string {
	return fmt.Sprintf("%s and %s both have the data of member %s.", a, b, member)
}

func oneClusterTwice(a, b string, cluster etcd.ID) string {
	return fmt.Sprintf(
		"%s and %s both answer as cluster %s, and neither has the other among its members.", a, b, cluster,
	)
}

func clusterTwice(e recovery.Evidence) error {
	of := e
	of.Name = e.Live.Twins[0]
	return memberTwice("join", of, e.Live.Twins[1], fmt.Sprintf(
		"%s both answer as one member of cluster %s.", recovery.Words(e.Live.Twins), e.Live.ClusterID,
	))
}

func memberTwice(attribute string, a recovery.Evidence, b, found string) error {
	return &recovery.Refusal{
		Code:      recovery.CodeMemberTwice,
		Title:     "Two Nodes Claim One Place in the Cluster",
		Attribute: attribute,
		Found: found + " One cluster cannot be so: a snapshot was restored on each of them by itself, a new cluster " +
			"was forced on each, or the data was copied from one to the other.",
		Next: fmt.Sprintf(
			"find out which of %s and %s has the data that counts (etcdctl endpoint status; etcdctl get). On the "+
				"other one stop etcd (%s) and move its data aside (mv), then plan again: it joins as a new member.",
			a.Name,
			b,
			parking(a),
		),
	}
}

func clusterServes(seed, serving recovery.Evidence, v Verdict) error {
	found := fmt.Sprintf(
		"a cluster of %d members answers on %s, and this recovery would stop it to go on with %s alone%s.",
		len(serving.Members),
		serving.Name,
		seed.Name,
		v.less()+v.doubts(),
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

func leaderIsHeard(e recovery.Evidence) error {
	return &recovery.Refusal{
		Code:      recovery.CodeMayBeAlive,
		Title:     "The Cluster May Be Alive",
		Attribute: "survey",
		Found: fmt.Sprintf(
			"etcd on %s follows the leader %s, and has proved no quorum: %s. Where a leader is gone, etcd forgets it "+
				"within an election timeout or two.",
			e.Name,
			e.Status.Leader,
			cmp.Or(e.Unknown.Quorum, "it was not asked"),
		),
		Next: fmt.Sprintf(
			"plan again. If it says so once more, the cluster works: find out why it is slow or cannot be reached "+
				"from here, and force nothing. If it is surely lost, stop that etcd (%s): its data is read then.",
			parking(e),
		),
	}
}

func seedUnheard(e recovery.Evidence) error {
	return &recovery.Refusal{
		Code:      recovery.CodeDataUnknown,
		Title:     "It Is Not Known What a Node Has",
		Attribute: "survey",
		Found: fmt.Sprintf(
			"etcd runs on %s and does not answer (%s), and its data could not be read beside it (%s). It may be a "+
				"member of a cluster that works.",
			e.Name,
			e.Unknown.Status,
			e.Unknown.Disk,
		),
		Next: fmt.Sprintf(
			"put right what keeps it from answering. If its cluster is surely lost, stop it (%s): its data is read "+
				"then. Then plan again.",
			parking(e),
		),
	}
}

func servesUnasked(e recovery.Evidence) error {
	why := e.Unknown.Status
	if e.Status != nil {
		why = cmp.Or(e.Unknown.Quorum, "it has no leader at the moment")
	}
	return &recovery.Refusal{
		Code:      recovery.CodeMayBeAlive,
		Title:     "The Cluster May Be Alive",
		Attribute: "survey",
		Found: fmt.Sprintf(
			"etcd runs on %s as the only voter of its cluster, and has proved no quorum: %s. It may serve.",
			e.Name,
			why,
		),
		Next: fmt.Sprintf(
			"put right what keeps it from answering (its certificates?), then plan again. If it is not to serve, stop "+
				"it (%s).",
			parking(e),
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

func startable(v Verdict, all recovery.Survey) *recovery.Refusal {
	var how []string
	for _, name := range v.WithData {
		e := all.Node(name)
		switch {
		case e.ForceFlag != "" && e.Parked != "":
			how = append(how, fmt.Sprintf("%s: mv %s %s, which takes the force flag out", name, e.Parked, e.ForceFlag))
		case e.Running && e.Status == nil && e.Unknown.Status != "":
			how = append(how, fmt.Sprintf(
				"%s: etcd runs there, and asking it fails: %s; put that right, since it may work as it is",
				name,
				e.Unknown.Status,
			))
		case e.Running:
			text := name + ": etcd runs there; it needs its peers"
			if missing := cutOff(e); len(missing) > 0 {
				text += ", and does not reach " + recovery.Words(missing)
			}
			how = append(how, text)
		case e.Parked != "":
			how = append(how, fmt.Sprintf("%s: mv %s %s", name, e.Parked, e.ManifestPath))
		case e.SentAway():
			how = append(how, name+": "+whoSentItAway(e))
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
	for _, s := range v.Moved {
		how = append(how, fmt.Sprintf(
			"%s: the others look for it at %s, and its manifest says %s: give it the old address as well until there "+
				"is a leader (ip address add), or make both one",
			s.Node.Name,
			strings.Join(s.PeerURLs, ","),
			strings.Join(s.Node.PeerURLs, ","),
		))
	}
	has := "every write"
	if v.doubts() != "" {
		has = "all that they have"
	}
	return &recovery.Refusal{
		Code:      recovery.CodeClusterStartable,
		Title:     "The Cluster Only Needs to Be Started",
		Attribute: "survey",
		Found: fmt.Sprintf("%s%s. With them etcd comes back with %s; a forced new cluster could lose some.",
			v.Text, v.doubts(), has),
		Next: flagsOut(all, v.WithData) + "start etcd on these masters and wait for a leader:\n  " + strings.Join(
			how,
			"\n  ",
		) + "\nIf the data of one of them is damaged and etcd will not start with it, move that data away (mv) " +
			"and plan again.",
	}
}

// whoSentItAway is what to do about another member, which has told this one that it was removed.
func whoSentItAway(e recovery.Evidence) string {
	where := ""
	for _, p := range e.Peers {
		if p.Answers {
			where = fmt.Sprintf(" (an etcd answers at %s)", p.URL)
			break
		}
	}
	return "Another member has told it that it was removed" + where + ": look there, and add that master to the " +
		"survey's nodes where it is none of them; or stop etcd there first (" + parking(e) + "), so that this one runs"
}

// othersCanStart refuses to go on with a forced start on one node while the others are a quorum without it.
func othersCanStart(v Verdict, all recovery.Survey, j *recovery.Journal) error {
	r := startable(v, all)
	r.Found = v.Text + ", without the seed" + v.doubts() +
		". A cluster that is forced on the seed would be a second one beside theirs."
	r.Next += fmt.Sprintf(" The seed can join them then (etcdrecovery_member). To force it all the same, move their "+
		"data away first (mv); to recover from another node, give %q up with abandon = [%q].", j.ID, j.ID)
	return r
}
