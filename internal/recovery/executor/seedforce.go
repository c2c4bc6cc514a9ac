package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

func (s *seeding) forced(context.Context) (bool, error) {
	return s.book.Reached(recovery.PhaseForced), nil
}

// stopSeed stops the seed last, so that nothing founds an empty cluster beside it.
func (s *seeding) stopSeed(ctx context.Context) error {
	if err := s.seed.stop(ctx); err != nil {
		return err
	}
	if err := s.judgeStopped(ctx); err != nil {
		return err
	}
	s.book.reach(recovery.PhaseStopped)
	return nil
}

// copied leaves a copy alone once the flag may have been in. Before, one that is there is compared once more: etcd may
// have run since.
func (s *seeding) copied(context.Context) (bool, error) {
	return s.book.Reached(recovery.PhaseForcing) && s.book.Places.Whole, nil
}

// copy keeps what the seed has. A forced start rewrites its log before it checks anything (etcd 3.5,
// server/etcdserver/raft.go).
func (s *seeding) copy(ctx context.Context) error {
	ev := s.seed.ev
	err := s.seed.CopyAside(ctx, ev.DataDir, s.plan.OldData)
	if err == nil && s.plan.OldWAL != "" {
		err = s.seed.CopyAside(ctx, ev.WALDir, s.plan.OldWAL)
	}
	if errors.Is(err, node.ErrNoCopy) {
		s.pastCopy = true
		return &recovery.Refusal{
			Code:  recovery.CodeNodeChanged,
			Title: "The Copy Is of Older Data",
			Found: fmt.Sprintf("%v. etcd has run since that was made.", err),
			Next:  "run terraform apply again: this recovery begins anew then, with a copy in another place.",
		}
	}
	if err != nil {
		return err
	}
	s.keepCopy()
	return nil
}

// keepCopy notes that the copy is whole.
func (s *seeding) keepCopy() {
	s.book.ManifestBefore = s.seed.ev.ManifestHash()
	s.book.Places = recovery.Places{Data: s.plan.OldData, WAL: s.plan.OldWAL, Whole: true}
	s.book.reach(recovery.PhaseCopied)
}

// force starts the seed with the flag. However the run ends from here on, takeFlagOut comes after it.
func (s *seeding) force(ctx context.Context) error {
	if err := s.stillGone(ctx); err != nil {
		return err
	}
	if err := s.stillStopped(ctx); err != nil {
		return err
	}
	if err := s.closeEarlier(ctx); err != nil {
		return err
	}
	s.book.reach(recovery.PhaseForcing)
	if err := s.book.save(ctx); err != nil {
		return err
	}
	s.flagIn = true
	started, err := s.seed.start(ctx, s.plan.Forced)
	if err != nil {
		return err
	}
	if err := s.seed.awaitServing(ctx, started.ID, s.alone); err != nil {
		return err
	}
	if err := s.readForcedLog(ctx, started); err != nil {
		return err
	}
	s.book.Revision = s.result.Revision
	s.book.reach(recovery.PhaseForced)
	return nil
}

// stillGone asks the masters once more for those that were given up. They were silent when this was begun, and a copy
// can take its time.
func (s *seeding) stillGone(ctx context.Context) error {
	var all recovery.Survey
	for _, m := range s.masters {
		ev := m.ev
		ev.Running, ev.Parked = false, m.parkedAt() // which was proved: whatever answers now is somebody else
		all = append(all, ev)
	}
	var mu sync.Mutex
	if err := s.each(ctx, append(s.plan.Others(), s.plan.Node), func(ctx context.Context, m *master) error {
		peers, err := survey.AskPeers(ctx, m.Node, m.ev.Peers)
		mu.Lock()
		defer mu.Unlock()
		for i := range all {
			if all[i].Name == m.Name {
				all[i].Peers = peers
			}
		}
		if err != nil {
			return fmt.Errorf("%s could not be asked whether members run that were given up: %w", m.Name, err)
		}
		return nil
	}); err != nil {
		return err
	}
	if seen := planner.SeenElsewhere(all); len(seen) > 0 {
		return planner.SeenAlive(seen)
	}
	return nil
}

// alone is true of a cluster whose only member is this one, a voter and its leader.
func (s *seeding) alone(ctx context.Context, c *etcd.Client) error {
	status, err := c.Status(ctx)
	if err != nil {
		return err
	}
	if before := s.plan.Evidence.Node(s.plan.Node).Cluster(); before != 0 && before != status.ClusterID {
		return &recovery.Refusal{
			Code:  recovery.CodeSeedServesOther,
			Title: "The Seed Serves Another Cluster",
			Found: fmt.Sprintf(
				"%s had data of cluster %s, and serves cluster %s after the forced start.",
				s.seed.Name,
				before,
				status.ClusterID,
			),
		}
	}
	if status.Leader != status.MemberID {
		return fmt.Errorf("%s has no leader yet", s.seed.Name)
	}
	members, err := c.Members(ctx)
	if err != nil {
		return err
	}
	if len(members) != 1 || members[0].ID != status.MemberID || members[0].Learner {
		return &recovery.Refusal{
			Code:  recovery.CodeOldMembersLeft,
			Title: "Old Members Are Still in the Cluster",
			Found: fmt.Sprintf(
				"after the forced start the member list of %s is %s; it should be itself alone.",
				s.seed.Name,
				describe(members),
			),
		}
	}
	s.result = &SeedResult{
		ClusterID: status.ClusterID,
		MemberID:  status.MemberID,
		Revision:  status.Revision,
		OldData:   s.book.Places.Data,
	}
	s.result.Members = []manifest.Member{{Name: s.seed.ev.MemberName, PeerURLs: s.seed.ev.PeerURLs}}
	return nil
}

func describe(members []etcd.Member) string {
	var list []string
	for _, m := range members {
		name := m.Name
		if name == "" {
			name = "(not started)"
		}
		if m.Learner {
			name += " (learner)"
		}
		list = append(list, fmt.Sprintf("%s %s %s", name, m.ID, strings.Join(m.PeerURLs, ",")))
	}
	return recovery.Words(list)
}

// readForcedLog makes sure that etcd took the flag, as far as its log can tell, and keeps how many entries it dropped.
// What is known without the log is that the cluster has one voter, that the file has the flag, and, where the runtime
// tells them, that the container's arguments have it.
func (s *seeding) readForcedLog(ctx context.Context, started *node.Started) error {
	id := started.ID
	pod, err := manifest.Parse([]byte(s.plan.Forced))
	if err != nil {
		return err
	}
	log, err := s.seed.ContainerLog(ctx, s.seed.ev.Runtime, id, 5000)
	if err != nil {
		return err
	}
	why := mute(pod)
	if why != "" && !tookForceFlag(log) {
		s.book.Unheard = fmt.Sprintf("etcd's log does not tell that it took the force flag (%s)", why)
		if started.Args == nil {
			s.book.Unheard += ", nor does the container runtime: what tells it is that the cluster has one voter, " +
				"and the file that was written"
		}
	} else if !tookForceFlag(log) {
		return &recovery.Refusal{
			Code:  recovery.CodeForceNotTaken,
			Title: "Etcd Did Not Take the Force Flag",
			Found: fmt.Sprintf(
				"the log of container %.12s on %s does not say that etcd was started with --force-new-cluster.",
				id,
				s.seed.Name,
			),
		}
	}
	dropped := discardedEntries(log)
	if before := s.book.Discarded; dropped != nil && before != nil { // the recovery was taken up again
		*dropped += *before
	}
	s.book.Discarded = dropped
	return nil
}

func (s *seeding) unforced(ctx context.Context) (bool, error) {
	if !s.book.Reached(recovery.PhaseUnforced) {
		return false, nil
	}
	text, err := s.seed.ReadFile(ctx, s.seed.ev.ManifestPath)
	return err == nil && string(text) == s.plan.Final, nil // an unreadable file is one that has to be written again
}

// unforce restarts the seed without the flag. Left in, it would throw every other member out at the seed's next start.
func (s *seeding) unforce(ctx context.Context) error {
	forced, err := manifest.Parse([]byte(s.plan.Forced))
	if err != nil {
		return err
	}
	if err := s.seed.park(ctx); err != nil {
		return err
	}
	s.flagIn = false
	if err := s.seed.proveEnded(ctx); err != nil {
		return err
	}
	started, err := s.seed.start(ctx, s.plan.Final)
	if err != nil {
		return err
	}
	id := started.ID
	// The kubelet takes up to a second more for the rest of the forced pod, in which the other one starts.
	if err := s.seed.proveGone(ctx, forced.PodName()); err != nil {
		return err
	}
	if err := s.seed.awaitServing(ctx, id, s.alone); err != nil {
		return err
	}
	log, err := s.seed.ContainerLog(ctx, s.seed.ev.Runtime, id, 5000)
	if err != nil {
		return err
	}
	if tookForceFlag(log) {
		return &recovery.Refusal{
			Code:  recovery.CodeForceInEffect,
			Title: "The Force Flag Is Still in Effect",
			Found: fmt.Sprintf(
				"container %.12s on %s was started from a manifest without the flag, and its log says that etcd was "+
					"started with it.",
				id,
				s.seed.Name,
			),
		}
	}
	s.book.ManifestAfter = node.Hash([]byte(s.plan.Final))
	s.book.reach(recovery.PhaseUnforced)
	return nil
}

// addressed is true when the cluster knows the seed under the URL that its manifest advertises.
func (s *seeding) addressed(ctx context.Context) (bool, error) {
	c, err := s.seed.etcd(ctx)
	if err != nil {
		return false, err
	}
	members, err := c.Members(ctx)
	if err != nil {
		return false, err
	}
	return len(members) == 1 &&
		slices.Equal(
			slices.Sorted(slices.Values(members[0].PeerURLs)),
			slices.Sorted(slices.Values(s.seed.ev.PeerURLs)),
		), nil
}

// address corrects the recorded peer URL: etcd ignores --initial-advertise-peer-urls where there is data
// (etcd-io/etcd#7570), and joiners would be given an address at which nobody is.
func (s *seeding) address(ctx context.Context) error {
	if err := s.seed.Holds(ctx); err != nil {
		return err
	}
	c, err := s.seed.etcd(ctx)
	if err != nil {
		return err
	}
	members, err := c.Members(ctx)
	if err != nil {
		return err
	}
	if len(members) != 1 {
		return fmt.Errorf("the member list is %s", describe(members))
	}
	if err := c.UpdatePeerURLs(ctx, members[0].ID, s.seed.ev.PeerURLs); err != nil {
		return err
	}
	ok, err := s.addressed(ctx)
	if err == nil && !ok {
		err = errors.New("the peer URL was updated, and the member list does not show it")
	}
	return err
}

func (s *seeding) confirm(ctx context.Context) error {
	c, err := s.seed.etcd(ctx)
	if err != nil {
		return err
	}
	if err := etcd.Retry(ctx, etcd.Transient, func(ctx context.Context) error { return s.alone(ctx, c) }); err != nil {
		return err
	}
	if err := checkAlarms(ctx, c); err != nil {
		return err
	}
	if err := s.each(ctx, append(s.plan.Others(), s.plan.Node), noForceFlag); err != nil {
		return err
	}
	s.result.Discarded, s.result.OldData = s.book.Discarded, s.book.Places.Data
	return s.seed.retire(ctx, s.book)
}

// checkAlarms refuses a cluster that has an alarm: with NOSPACE it takes no writes, with CORRUPT nothing it says can be
// trusted.
func checkAlarms(ctx context.Context, c *etcd.Client) error {
	alarms, err := c.Alarms(ctx)
	if err != nil || len(alarms) == 0 {
		return err
	}
	return &recovery.Refusal{
		Code:  recovery.CodeAlarm,
		Title: "The Cluster Has an Alarm",
		Found: recovery.Words(alarms) + ".",
		Next: "NOSPACE: compact, defragment, then etcdctl alarm disarm. CORRUPT: find the member whose data differs " +
			"(etcdctl endpoint hashkv) and replace it. Then run terraform apply again.",
	}
}

// noForceFlag looks at every manifest that the kubelet of a master reads and that may be etcd's.
func noForceFlag(ctx context.Context, m *master) error {
	files, err := m.Manifests(ctx)
	if err != nil {
		return err
	}
	return refuseForce(m.Name, survey.ForcedManifest(m.MayBeEtcd(files)))
}

func refuseForce(master, path string) error {
	if path == "" {
		return nil
	}
	return &recovery.Refusal{
		Code:  recovery.CodeForceInManifest,
		Title: "The Force Flag Is in a Manifest",
		Found: fmt.Sprintf(
			"%s on %s has the force-new-cluster flag: at its next start etcd would throw all other members out.",
			path,
			master,
		),
		Next: "take the flag out of that file, then run terraform apply again.",
	}
}
