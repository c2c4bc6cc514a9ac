package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// MemberResult is what a join came to.
type MemberResult struct {
	ClusterID etcd.ID
	MemberID  etcd.ID
	Members   []manifest.Member
	Manifest  string
	OldData   string
}

// Member carries out a plan: it makes one master a voter of a living cluster. nodes holds the master itself and those of the cluster.
func Member(ctx context.Context, p *MemberPlan, nodes map[string]*node.Node, o Options) (*MemberResult, error) {
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	j := &joining{crew: newCrew(o, nodes, map[string]Evidence{p.Node: p.Evidence}, abort), plan: p}
	defer j.release(ctx)
	j.self = j.masters[p.Node]
	if err := carryOut(ctx, p.steps(j), o.Observe, j.record, j.touched); err != nil {
		return nil, err
	}
	// A join that was broken off at its very end is a voter already, and only its journal is open.
	if j.began || len(j.book.Steps) > 0 {
		if err := j.self.retire(ctx, j.book); err != nil {
			return nil, err
		}
		if err := j.book.finish(ctx); err != nil {
			return nil, err
		}
	}
	return j.result, nil
}

// joining is a join at work. The plan's list of steps is made without one.
type joining struct {
	*crew
	plan    *MemberPlan
	self    *master
	witness *master // a voter of the cluster, its leader where that is one of our masters
	book    *book
	text    string // what will stand in the manifest
	id      etcd.ID
	started string // the container that runs the new member
	result  *MemberResult
	began   bool
	voter   bool // it is a healthy voter already
}

// Steps is the list that the plan shows and the apply walks.
func (p *MemberPlan) Steps() []Step { return p.steps(nil) }

func (p *MemberPlan) steps(j *joining) []Step {
	e := p.Evidence
	if p.Healthy {
		return []Step{
			{Master: p.Node, Title: "check that it is as it was in the plan: a started voter of a cluster with a quorum", act: j.check},
			{Master: p.Node, Title: "check the end state: one cluster, all started voters, a leader, no alarm, equal hashes", act: j.confirm},
		}
	}
	aside := fmt.Sprintf("move what is in %s (%s) to %s", e.DataDir, size(e.DataBytes), p.OldData)
	if p.OldData == "" {
		aside = fmt.Sprintf("nothing is in %s, so there is nothing to keep", e.DataDir)
	}
	if p.OldWAL != "" {
		aside += fmt.Sprintf(", what is in %s to %s", e.WALDir, p.OldWAL)
	}
	cluster := "cluster"
	return []Step{
		{Master: p.Node, Title: "take the lock", act: func(ctx context.Context) error { return j.lockAll(ctx) }},
		{Master: cluster, Title: "check that the master is as it was in the plan, and that the cluster has a quorum and no alarm", act: j.check},
		{Master: p.Node, Title: "stop etcd: move its manifest out of the kubelet's folder; prove the container gone and the ports free", done: j.isVoter, act: j.stop},
		{Master: cluster, Title: "remove the entry that was left of this master, if there is one", done: j.isVoter, act: j.removeStale},
		{Master: p.Node, Title: aside, done: j.isVoter, act: j.moveAside},
		{Master: cluster, Title: "add it as a learner at " + strings.Join(e.PeerURLs, ","), done: j.isVoter, act: j.add},
		{Master: p.Node, Title: "write the manifest to " + p.ManifestPath + "; start etcd", done: j.isVoter, act: j.start},
		{Master: p.Node, Title: "wait until it has applied what the leader had", done: j.isVoter, act: j.catchUp},
		{Master: cluster, Title: "promote it to a voter", done: j.isVoter, act: j.promote},
		{Master: cluster, Title: "check the end state: one cluster, all started voters, a leader, no alarm, equal hashes, no force flag in any manifest", act: j.confirm},
	}
}

func (j *joining) record(ctx context.Context, title string) error {
	if !j.began {
		return nil
	}
	return j.book.step(ctx, title)
}

func (j *joining) touched() string {
	switch {
	case !j.began:
		return nothingTouched
	case j.book.mark(markLearner) != "":
		return fmt.Sprintf("%s was added to the cluster as learner %s, which does not count for the quorum; its data from before is in %s. The other members work on.", j.self.Name, j.book.mark(markLearner), j.book.mark(markOldData))
	case j.book.mark(markOldData) != "":
		return fmt.Sprintf("etcd is stopped on %s and its data from before is in %s. The other members work on.", j.self.Name, j.book.mark(markOldData))
	}
	return fmt.Sprintf("etcd may be stopped on %s, with its manifest in %s. Its data is where it was, and the other members work on.", j.self.Name, j.self.ParkedDir())
}

// lockAll locks this master and those of the cluster that answer.
func (j *joining) lockAll(ctx context.Context) error {
	names := []string{}
	for name, m := range j.masters {
		if _, err := m.Exists(ctx, m.WorkDir); err == nil || name == j.plan.Node {
			names = append(names, name)
		}
	}
	return j.lock(ctx, names)
}

// check compares the master with the evidence, finds the cluster and looks whether it is fit for a change.
func (j *joining) check(ctx context.Context) error {
	all, err := j.refresh(ctx)
	if err != nil {
		return err
	}
	live := all[j.plan.Node]
	if err := unchanged(j.plan.Evidence, live); err != nil {
		return err
	}
	if live.Live == nil {
		return &Refusal{Title: "The Cluster Has No Quorum", Untouched: nothingTouched,
			Found: fmt.Sprintf("none of %s answers a linearizable read, so nobody can join.%s", words(j.others()), problemsOf(all)),
			Next:  "bring the cluster back first: start its members, or, when a majority is lost for good, recover it with etcdrecovery_seed."}
	}
	if !j.plan.Cluster.is(live.Live) {
		return &Refusal{Title: "This Is Another Cluster", Untouched: nothingTouched,
			Found: fmt.Sprintf("the plan is for cluster %s with %s; what answers is cluster %s with %s.", j.plan.Cluster.ID, describeNames(j.plan.Cluster.Members), live.Live.ClusterID, describe(live.Live.Members)),
			Next:  "find out who runs that cluster, then run terraform plan again."}
	}
	now, err := DecideMember(live, Cluster{ID: live.Live.ClusterID.String()}, false)
	if err != nil {
		return err
	}
	j.voter = now.Healthy
	if err := j.compare(live, now); err != nil {
		return err
	}
	for _, name := range j.others() {
		e := all[name]
		if e.Quorum && e.Status.ClusterID == live.Live.ClusterID && (j.witness == nil || e.Status.Leader == e.Status.MemberID) {
			j.witness = j.masters[name]
		}
		if len(e.Alarms) > 0 {
			return &Refusal{Title: "The Cluster Has an Alarm", Found: words(e.Alarms) + ".", Untouched: nothingTouched,
				Next: "NOSPACE: compact, defragment, then etcdctl alarm disarm. CORRUPT: find the member whose data differs (etcdctl endpoint hashkv) and replace it. Then run terraform apply again."}
		}
	}
	if j.witness == nil {
		j.witness = j.self
	}
	if err := j.each(ctx, j.reachable(all), noForceFlag); err != nil {
		return err
	}
	if err := j.spare(all, live); err != nil {
		return err
	}
	id := j.now().UTC().Format("20060102T150405Z")
	begun := unfinished(live.Journals)
	if begun != nil {
		id = begun.ID
	}
	j.book = openBook(begun, "member", id, j.self.Node, j.now)
	return nil
}

// spare refuses to stop a voter without which the others are no quorum: its old entry could not even be removed then, and the cluster
// would stand still. A member that runs and cannot be asked is not thereby broken.
func (j *joining) spare(all map[string]Evidence, live Evidence) error {
	if j.voter {
		return nil
	}
	voters, answering, own := countVoters(live.Live.Members), 0, false
	for _, m := range live.Live.Members {
		own = own || !m.Learner && live.isMember(m)
	}
	for _, name := range j.others() {
		if e := all[name]; e.Quorum && e.Status.ClusterID == live.Live.ClusterID {
			answering++
		}
	}
	if need := voters/2 + 1; own && answering < need {
		return &Refusal{Title: "The Cluster Needs This Member", Attribute: "node", Untouched: nothingTouched,
			Found: fmt.Sprintf("%s is one of %d voters, and only %d of the other masters answer in the cluster; %d are needed to work without it. It could not be asked how it is: %s",
				live.Name, voters, answering, need, live.StatusError),
			Next: "find out why it does not answer (its certificates? its client port?), or bring another voter back first."}
	}
	return nil
}

// compare settles what will be written, and refuses when it would not be what the plan shows.
func (j *joining) compare(live Evidence, now *MemberPlan) error {
	j.text = j.plan.Manifest
	if j.voter {
		j.text = live.Manifest
		return nil
	}
	if j.plan.AnyOrder {
		j.text = now.Manifest
		return nil
	}
	if now.Manifest != j.plan.Manifest {
		return &Refusal{Title: "The Cluster Changed Since the Plan", Untouched: nothingTouched,
			Found: fmt.Sprintf("the plan was made for the members %s, and the cluster has %s.", describeNames(j.plan.Cluster.Members), describe(live.Live.Members)),
			Next:  "run terraform plan again. When several members take the same value for join (for_each), set any_order = true on them, or chain them: join = etcdrecovery_member.<the one before>.cluster."}
	}
	return nil
}

func describeNames(members []manifest.Member) string {
	var list []string
	for _, m := range members {
		list = append(list, m.Name)
	}
	return words(list)
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

func (j *joining) reachable(all map[string]Evidence) []string {
	var list []string
	for _, e := range sorted(all) {
		if e.Reach == Reached {
			list = append(list, e.Name)
		}
	}
	return list
}

func (j *joining) isVoter(context.Context) (bool, error) { return j.voter, nil }

func (j *joining) stop(ctx context.Context) error {
	if !j.began {
		j.began = true
		if err := j.book.set(ctx, markBefore, j.plan.Evidence.hash()); err != nil {
			return err
		}
	}
	if ok, err := j.halfway(ctx); err != nil || ok {
		return err
	}
	return j.self.stop(ctx)
}

// halfway is true when an earlier attempt came as far as a running learner: it only has to be waited for.
func (j *joining) halfway(ctx context.Context) (bool, error) {
	// Its client port may open seconds after it runs (one publish timeout), so not answering yet is no reason to begin again.
	if j.book.mark(markLearner) == "" || !j.self.ev.Running || j.self.ev.Parked != "" || len(j.self.ev.LastWords) > 0 {
		return false, nil
	}
	entry, err := j.entry(ctx)
	if err != nil || entry == nil {
		return false, err
	}
	if entry.ID.String() != j.book.mark(markLearner) || j.self.ev.Status != nil && j.self.ev.Status.MemberID != entry.ID {
		return false, nil
	}
	j.id = entry.ID
	running, err := j.self.Containers(ctx, j.self.ev.Runtime, j.self.workload())
	if err != nil || len(running) == 0 {
		return false, err
	}
	j.started = running[0].ID
	return true, nil
}

// entry is this master's entry in the member list, nil where it has none.
func (j *joining) entry(ctx context.Context) (*etcd.Member, error) {
	c, err := j.witness.etcd(ctx)
	if err != nil {
		return nil, err
	}
	members, err := c.Members(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		if j.self.ev.isMember(m) {
			return &m, nil
		}
	}
	return nil, nil
}

// removeStale takes out what the cluster has of this master. A member whose data is gone must not come back under its old ID: the leader
// believes that it still has what it acknowledged, and the cluster panics ("tocommit is out of range").
func (j *joining) removeStale(ctx context.Context) error {
	if j.started != "" {
		return nil
	}
	for {
		stale, err := j.entry(ctx)
		if err != nil || stale == nil {
			return err
		}
		c, err := j.witness.etcd(ctx)
		if err != nil {
			return err
		}
		err = etcd.Retry(ctx, etcd.Transient, func(ctx context.Context) error { return c.Remove(ctx, stale.ID) })
		if err != nil && !etcd.IsMemberNotFound(err) {
			return err
		}
		if err := j.book.set(ctx, markLearner, ""); err != nil {
			return err
		}
	}
}

// moveAside empties the data folder. What was there first goes to the place that the plan shows; what a broken-off attempt left goes
// beside it.
func (j *joining) moveAside(ctx context.Context) error {
	if j.started != "" {
		return nil
	}
	disk := j.self.ev
	if j.book.mark(markOldData) != "" || j.plan.OldData == "" {
		if disk.Empty {
			return nil
		}
		return j.move(ctx, disk.OldData, disk.OldWAL)
	}
	if err := j.book.keepAt(ctx, j.plan.OldData, j.plan.OldWAL); err != nil {
		return err
	}
	if err := j.move(ctx, j.plan.OldData, j.plan.OldWAL); err != nil {
		return err
	}
	return j.book.set(ctx, markOldData, j.plan.OldData)
}

func (j *joining) move(ctx context.Context, data, wal string) error {
	if err := j.self.MoveAside(ctx, j.self.ev.DataDir, data); err != nil || wal == "" {
		return err
	}
	return j.self.MoveAside(ctx, j.self.ev.WALDir, wal)
}

// add makes the master a learner. A learner does not count for the quorum: if it never starts, the cluster works on.
func (j *joining) add(ctx context.Context) error {
	if j.started != "" {
		return nil
	}
	c, err := j.witness.etcd(ctx)
	if err != nil {
		return err
	}
	var all []etcd.Member
	err = etcd.Retry(ctx, etcd.Transient, func(ctx context.Context) error {
		added, members, err := c.AddLearner(ctx, j.self.ev.PeerURLs)
		if err != nil {
			return err
		}
		j.id, all = added.ID, members
		return nil
	})
	switch {
	case etcd.IsPeerURLExists(err):
		entry, lookErr := j.entry(ctx)
		if lookErr != nil || entry == nil || !entry.Learner || entry.Started() {
			return errors.Join(err, lookErr)
		}
		// Our own request went through and its answer was lost.
		j.id = entry.ID
		if all, err = c.Members(ctx); err != nil {
			return err
		}
	case etcd.IsTooManyLearners(err):
		return &Refusal{Title: "Another Learner Is in the Way", Cause: err,
			Found: "the cluster has a learner already, and takes one at a time.",
			Next:  "let the join of that learner finish, or remove it (etcdctl member list; etcdctl member remove ID), then run terraform apply again."}
	case err != nil:
		return err
	}
	if err := j.book.set(ctx, markLearner, j.id.String()); err != nil {
		return err
	}
	return j.matches(all)
}

// matches makes sure that --initial-cluster in the text is the member list after the add, without which etcd does not start.
func (j *joining) matches(all []etcd.Member) error {
	members := sortMembers(append(withoutSelf(j.self.ev, membersOf(all)), manifest.Member{Name: j.self.ev.MemberName, PeerURLs: j.self.ev.PeerURLs}))
	pod, err := manifest.Parse([]byte(j.text))
	if err != nil {
		return err
	}
	if want := manifest.InitialCluster(members); pod.InitialCluster() != want {
		return &Refusal{Title: "The Cluster Changed Since the Plan", Found: fmt.Sprintf("--initial-cluster would be %s, and the member list asks for %s.", pod.InitialCluster(), want),
			Next: "run terraform apply again: it plans with the members that are there now."}
	}
	return nil
}

func (j *joining) start(ctx context.Context) error {
	if j.started != "" {
		return nil
	}
	id, err := j.self.start(ctx, j.text)
	if err != nil {
		return err
	}
	j.started = id
	if err := j.book.set(ctx, markAfter, node.Hash([]byte(j.text))); err != nil {
		return err
	}
	return nil
}

// catchUp waits until the learner has applied what the leader had when it was asked. Promotion is accepted earlier, as soon as a snapshot
// was received, and writes would then wait until it is applied.
func (j *joining) catchUp(ctx context.Context) error {
	leader, err := j.witness.etcd(ctx)
	if err != nil {
		return err
	}
	var goal uint64
	return j.self.awaitServing(ctx, j.started, func(ctx context.Context, c *etcd.Client) error {
		mine, err := c.Status(ctx)
		if err != nil {
			return err
		}
		if mine.MemberID != j.id {
			return &Refusal{Title: "The Member Has Another Identity", Found: fmt.Sprintf("%s was added as member %s and runs as member %s of cluster %s.", j.self.Name, j.id, mine.MemberID, mine.ClusterID)}
		}
		if goal == 0 {
			status, err := leader.Status(ctx)
			if err != nil {
				return err
			}
			goal = status.AppliedIndex
		}
		if mine.AppliedIndex < goal {
			return fmt.Errorf("%s has applied index %d of %d", j.self.Name, mine.AppliedIndex, goal)
		}
		return nil
	})
}

func (j *joining) promote(ctx context.Context) error {
	c, err := j.witness.etcd(ctx)
	if err != nil {
		return err
	}
	err = etcd.Retry(ctx, etcd.Transient, func(ctx context.Context) error { return c.Promote(ctx, j.id) })
	if etcd.IsAlreadyPromoted(err) {
		return nil
	}
	return err
}

// confirm compares all members of the cluster that answer: one of them is the new one.
func (j *joining) confirm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var end *End
	passes := func(err error) bool {
		_, final := IsRefusal(err)
		return !final
	}
	if err := etcd.Retry(ctx, passes, func(ctx context.Context) error {
		var err error
		end, err = j.end(ctx)
		return err
	}); err != nil {
		return err
	}
	if err := noForceFlag(ctx, j.self); err != nil {
		return err
	}
	j.result = &MemberResult{ClusterID: end.ClusterID, MemberID: end.IDs[j.plan.Node], Manifest: j.text, Members: sortMembers(membersOf(end.Members))}
	if j.book != nil {
		j.result.OldData = j.book.mark(markOldData)
	}
	return nil
}
