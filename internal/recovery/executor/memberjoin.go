package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
)

func (j *joining) isVoter(context.Context) (bool, error) { return j.voter, nil }

func (j *joining) stop(ctx context.Context) error {
	if !j.began {
		j.began = true
		if j.spent != nil { // or it would stay open for good
			spent := openBook(j.spent, recovery.OperationMember, j.spent.ID, j.self.Node, j.now)
			spent.End(recovery.PhaseVoid, j.now().UTC())
			if err := spent.save(ctx); err != nil {
				return err
			}
		}
		j.book.reach(recovery.PhaseBegun)
		j.book.of(j.self.ev)
		j.book.ManifestBefore = j.plan.Evidence.ManifestHash()
		if err := j.book.save(ctx); err != nil {
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
	// Its client port may open seconds after it runs (one publish timeout), so not answering yet is no reason to begin
	// again.
	if j.book.Learner == "" || !j.self.ev.Running || j.self.ev.Parked != "" ||
		len(j.self.ev.LastWords) > 0 {
		return false, nil
	}
	entry, err := j.entry(ctx)
	if err != nil || entry == nil {
		return false, err
	}
	if entry.ID.String() != j.book.Learner ||
		j.self.ev.Status != nil && j.self.ev.Status.MemberID != entry.ID {
		return false, nil
	}
	j.id = entry.ID
	running, err := j.self.Containers(ctx, j.self.ev.Runtime, j.self.ev.Workload())
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
		if j.self.ev.IsMember(m) {
			return &m, nil
		}
	}
	return nil, nil
}

// changing gives the connection over which the cluster is changed. No master's lock is in the way of that, so it is
// looked at first.
func (j *joining) changing(ctx context.Context) (*etcd.Client, error) {
	if err := j.self.Holds(ctx); err != nil {
		return nil, err
	}
	return j.witness.etcd(ctx)
}

// removeStale takes out what the cluster has of this master. A member whose data is gone must not come back under its
// old ID: the leader believes that it still has what it acknowledged, and the cluster panics ("tocommit is out of
// range").
func (j *joining) removeStale(ctx context.Context) error {
	if j.started != "" {
		return nil
	}
	for {
		stale, err := j.entry(ctx)
		if err != nil || stale == nil {
			return err
		}
		c, err := j.changing(ctx)
		if err != nil {
			return err
		}
		err = etcd.Retry(ctx, etcd.Transient, func(ctx context.Context) error { return c.Remove(ctx, stale.ID) })
		if err != nil && !etcd.IsMemberNotFound(err) {
			return err
		}
		j.book.Removed = stale.ID.String()
		if j.book.Reached(recovery.PhaseAdded) { // the journal must not speak of one that is gone
			j.book.Phase, j.book.Learner, j.book.Voter = recovery.PhaseMoved, "", ""
			if err := j.book.save(ctx); err != nil {
				return err
			}
		}
	}
}

// moveAside empties the data folder. What was there first goes to the place that the plan shows; what a broken-off
// attempt left goes beside it.
func (j *joining) moveAside(ctx context.Context) error {
	if j.started != "" {
		return nil
	}
	disk := j.self.ev
	if j.book.Places.Whole || j.plan.OldData == "" {
		if !disk.Empty {
			if err := j.move(ctx, disk.OldData, disk.OldWAL); err != nil { // see Leftover
				return err
			}
		}
		j.book.reach(recovery.PhaseMoved)
		return nil
	}
	j.book.reach(recovery.PhaseMoving)
	if err := j.book.keepAt(ctx, j.plan.OldData, j.plan.OldWAL); err != nil {
		return err
	}
	if err := j.move(ctx, j.plan.OldData, j.plan.OldWAL); err != nil {
		return err
	}
	j.book.Places.Whole = true
	j.book.reach(recovery.PhaseMoved)
	return nil
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
	c, err := j.changing(ctx)
	if err != nil {
		return err
	}
	var all []etcd.Member
	// Right after the removal of the old entry etcd may answer the add with "member not found" (seen with 3.7.3): that
	// passes.
	passes := func(err error) bool { return etcd.Transient(err) || etcd.IsMemberNotFound(err) }
	err = etcd.Retry(ctx, passes, func(ctx context.Context) error {
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
		return &recovery.Refusal{
			Code:  recovery.CodeLearnerInTheWay,
			Title: "Another Learner Is in the Way",
			Cause: err,
			Found: "the cluster has a learner already, and takes one at a time.",
			Next: "let the join of that learner finish, or remove it (etcdctl member list; etcdctl member remove " +
				"ID), then run terraform apply again.",
		}
	case err != nil:
		return err
	}
	j.book.Learner = j.id.String()
	j.book.reach(recovery.PhaseAdded)
	if err := j.matches(all); err != nil {
		return errors.Join(err, j.book.save(ctx)) // the step ends here, and the learner is there
	}
	return nil
}

// matches makes sure that --initial-cluster in the text is the member list after the add, without which etcd does not
// start.
func (j *joining) matches(all []etcd.Member) error {
	members := manifest.Joined(j.self.ev.Self(), planner.MembersOf(all))
	pod, err := manifest.Parse([]byte(j.text))
	if err != nil {
		return err
	}
	if want := manifest.InitialCluster(members); pod.InitialCluster() != want {
		return &recovery.Refusal{
			Code:  recovery.CodeClusterChanged,
			Title: "The Cluster Changed Since the Plan",
			Found: fmt.Sprintf(
				"--initial-cluster would be %s, and the member list asks for %s.",
				pod.InitialCluster(),
				want,
			),
			Next: "run terraform apply again: it plans with the members that are there now.",
		}
	}
	return nil
}

func (j *joining) start(ctx context.Context) error {
	if j.started != "" {
		return nil
	}
	// The learner's ID is on the master before anything of it is: else a later run could not tell whose data that is.
	if err := j.book.settle(); err != nil {
		return err
	}
	started, err := j.self.start(ctx, j.text)
	if err != nil {
		return err
	}
	j.started = started.ID
	j.book.ManifestAfter = node.Hash([]byte(j.text))
	j.book.reach(recovery.PhaseStarted)
	return nil
}

// catchUp waits until the learner has applied what the leader had when it was asked. Promotion is accepted earlier, as
// soon as a snapshot was received, and writes would then wait until it is applied.
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
			return &recovery.Refusal{
				Code:  recovery.CodeOtherIdentity,
				Title: "The Member Has Another Identity",
				Found: fmt.Sprintf(
					"%s was added as member %s and runs as member %s of cluster %s.",
					j.self.Name,
					j.id,
					mine.MemberID,
					mine.ClusterID,
				),
			}
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
	c, err := j.changing(ctx)
	if err != nil {
		return err
	}
	err = etcd.Retry(ctx, etcd.Transient, func(ctx context.Context) error { return c.Promote(ctx, j.id) })
	if err != nil && !etcd.IsAlreadyPromoted(err) {
		return err
	}
	j.book.Voter = j.id.String()
	j.book.reach(recovery.PhaseVoter)
	return nil
}

// confirm compares all members of the cluster that answer: one of them is the new one.
func (j *joining) confirm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var end *End
	passes := func(err error) bool {
		_, final := recovery.IsRefusal(err)
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
	j.result = &MemberResult{
		ClusterID: end.ClusterID,
		MemberID:  end.IDs[j.plan.Node],
		Manifest:  j.text,
		Members:   planner.SortMembers(planner.MembersOf(end.Members)),
	}
	if j.book == nil {
		return nil
	}
	if j.book.Places.Whole {
		j.result.OldData = j.book.Places.Data
	}
	if !j.began && !j.resumes {
		return nil
	}
	return j.self.retire(ctx, j.book)
}
