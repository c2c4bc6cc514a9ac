package executor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

// lockAll locks this master and those of the cluster that answer.
func (j *joining) lockAll(ctx context.Context) error {
	return j.lock(ctx, []string{j.plan.Node}, j.others())
}

// check compares the master with the evidence, finds the cluster and looks whether it is fit for a change.
func (j *joining) check(ctx context.Context) error {
	all, err := j.refresh(ctx)
	if err != nil {
		return err
	}
	live := all.Node(j.plan.Node)
	if err := unchanged(j.plan.Evidence, live); err != nil {
		return err
	}
	if live.Live == nil {
		return &recovery.Refusal{
			Code:  recovery.CodeNoQuorum,
			Title: "The Cluster Has No Quorum",
			Found: fmt.Sprintf(
				"none of %s answers a linearizable read, so nobody can join.%s",
				recovery.Words(j.others()),
				planner.ProblemsOf(all),
			),
			Next: "bring the cluster back first: start its members, or, when a majority is lost for good, recover it " +
				"with etcdrecovery_seed.",
		}
	}
	if !j.plan.Cluster.Is(live.Live) {
		return &recovery.Refusal{
			Code:  recovery.CodeOtherCluster,
			Title: "This Is Another Cluster",
			Found: fmt.Sprintf(
				"the plan is for cluster %s with %s; what answers is cluster %s with %s.",
				j.plan.Cluster.ID,
				describeNames(j.plan.Cluster.Members),
				live.Live.ClusterID,
				describe(live.Live.Members),
			),
			Next: "find out who runs that cluster, then run terraform plan again.",
		}
	}
	now, err := planner.DecideMember(live, recovery.Cluster{ID: live.Live.ClusterID.String()}, false)
	if err != nil {
		return err
	}
	j.voter = now.Healthy
	if err := j.compare(live, now); err != nil {
		return err
	}
	for _, name := range j.others() {
		e := all.Node(name)
		if e.Quorum && e.Status != nil && e.Status.ClusterID == live.Live.ClusterID &&
			(j.witness == nil || e.Status.Leader == e.Status.MemberID) {
			j.witness = j.masters[name]
		}
		if e.Status != nil && len(e.Alarms) > 0 { // what is on a disk alone may be of the past
			return &recovery.Refusal{
				Code:  recovery.CodeAlarm,
				Title: "The Cluster Has an Alarm",
				Found: recovery.Words(e.Alarms) + ".",
				Next: "NOSPACE: compact, defragment, then etcdctl alarm disarm. CORRUPT: find the member whose " +
					"data differs (etcdctl endpoint hashkv) and replace it. Then run terraform apply again.",
			}
		}
	}
	if j.witness == nil {
		j.witness = j.self
	}
	for _, e := range all {
		if err := refuseForce(e.Name, e.ForceFlag); err != nil {
			return err
		}
	}
	if err := j.spare(all, live); err != nil {
		return err
	}
	id := j.now().UTC().Format("20060102T150405Z")
	begun := planner.Begun(live)
	if begun != nil {
		id = begun.ID
	} else {
		j.spent = planner.Spent(live)
	}
	j.book = openBook(begun, recovery.OperationMember, id, j.self.Node, j.now)
	j.self.ours = []string{node.Hash([]byte(j.text)), j.book.ManifestAfter}
	j.resumes = begun != nil && (!j.plan.Healthy || j.plan.Resumes != "") // a plan without a lock changes nothing
	if j.resumes && j.voter {
		j.book.Voter = live.Status.MemberID.String()
		j.book.reach(recovery.PhaseVoter)
	}
	return nil
}

// spare refuses to stop a voter without which the others are no quorum: its old entry could not even be removed then,
// and the cluster would stand still. A member that runs and cannot be asked is not thereby broken.
func (j *joining) spare(all recovery.Survey, live recovery.Evidence) error {
	if j.voter {
		return nil
	}
	voters, answering, own := planner.CountVoters(live.Live.Members), 0, false
	for _, m := range live.Live.Members {
		own = own || !m.Learner && live.IsMember(m)
	}
	for _, name := range j.others() {
		if e := all.Node(name); e.Quorum && e.Status != nil && e.Status.ClusterID == live.Live.ClusterID {
			answering++
		}
	}
	if need := voters/2 + 1; own && answering < need {
		return &recovery.Refusal{
			Code:      recovery.CodeNeededForQuorum,
			Title:     "The Cluster Needs This Member",
			Attribute: "node",
			Found: fmt.Sprintf(
				"%s is one of %d voters, and only %d of the other masters answer in the cluster; %d are needed to "+
					"work without it. It could not be asked how it is: %s",
				live.Name,
				voters,
				answering,
				need,
				live.Unknown.Status,
			),
			Next: "find out why it does not answer (its certificates? its client port?), or bring another voter back " +
				"first.",
		}
	}
	return nil
}

// failedToBegin reports whether all that is in a data folder is what a wiped etcd leaves that the kubelet starts again
// and again: folders, and a database of some pages, without a log. It comes and goes, and nothing is to be kept of it.
func failedToBegin(e recovery.Evidence) bool { return e.NoLog && e.DataBytes < 1<<20 }

// compare settles what will be written, and refuses when it would not be what the plan shows.
func (j *joining) compare(live recovery.Evidence, now *planner.MemberPlan) error {
	j.text = j.plan.Manifest
	if j.voter {
		j.text = live.Manifest
		return nil
	}
	elsewhere := now.OldData != j.plan.OldData || now.OldWAL != j.plan.OldWAL
	nothing := now.OldData == "" || j.plan.OldData == "" && failedToBegin(live)
	if elsewhere && !nothing {
		return &recovery.Refusal{
			Code:  recovery.CodeNodeChanged,
			Title: "A Master Changed Since the Plan",
			Found: fmt.Sprintf(
				"the data of %s would be kept at %s, and the plan shows %s.",
				live.Name,
				now.OldData,
				recovery.Words(slices.DeleteFunc([]string{j.plan.OldData}, func(s string) bool { return s == "" })),
			),
			Next: "run terraform plan again and look at what it will do now.",
		}
	}
	if j.plan.AnyOrder {
		j.text = now.Manifest
		return nil
	}
	if now.Manifest != j.plan.Manifest {
		return &recovery.Refusal{
			Code:  recovery.CodeClusterChanged,
			Title: "The Cluster Changed Since the Plan",
			Found: fmt.Sprintf(
				"the plan was made for the members %s, and the cluster has %s.",
				describeNames(j.plan.Cluster.Members),
				describe(live.Live.Members),
			),
			Next: "run terraform plan again. When several members take the same value for join (for_each), set " +
				"any_order = true on them, or chain them: join = etcdrecovery_member.<the one before>.cluster.",
		}
	}
	return nil
}

func describeNames(members []manifest.Member) string {
	var list []string
	for _, m := range members {
		list = append(list, cmp.Or(m.Name, strings.Join(m.PeerURLs, ",")))
	}
	return recovery.Words(list)
}

func (j *joining) others() []string {
	var others []string
	for name := range j.masters {
		if name != j.plan.Node {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	return others
}
