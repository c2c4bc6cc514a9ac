package executor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// takeFlagOut removes the forced manifest from the kubelet's folder, whatever has ended the run. It returns "" where no
// flag is in, and else what has to be said before anything else. Etcd on the seed is stopped by that, with its manifest
// parked: the next apply goes on from there.
//
// The flag stays where a cluster with other voters answers, of which the seed may be one, and where somebody else holds
// the lock.
func (s *seeding) takeFlagOut(ctx context.Context, cause error) string {
	if !s.flagIn {
		return ""
	}
	file := s.seed.ev.ManifestPath
	if !s.looked {
		return s.flagWarning("Nothing was done about it, since this run was over before it had looked at the nodes")
	}
	if recovery.CodeOf(cause) == recovery.CodeClusterAlive || s.othersAlive != nil {
		return s.flagWarning("It was left there, since a cluster with other members answers")
	}
	ctx, cancel := atomic(ctx)
	defer cancel()
	ours := node.Hash([]byte(s.plan.Forced))
	err := s.seed.Remove(ctx, file, ours)
	if errors.Is(err, node.ErrLocked) {
		held, lookErr := s.seed.LockHeld(ctx)
		switch {
		case lookErr != nil:
			return s.flagWarning(fmt.Sprintf("It could not be taken out: %v", lookErr))
		case held != nil && held.Holder != s.holder:
			return s.flagWarning("It was left there, since " + held.Error())
		}
		err = s.seed.As("").Remove(ctx, file, ours) // nobody has the lock, and the flag is the greater danger
	}
	if errors.Is(err, node.ErrNotOurs) {
		if text, readErr := s.seed.ReadFile(ctx, file); readErr == nil {
			if pod, parseErr := manifest.Parse(text); parseErr == nil && !pod.Forced() {
				s.flagIn = false
				return ""
			}
		}
	}
	if err != nil {
		return s.flagWarning(fmt.Sprintf("It could not be taken out: %v", err))
	}
	s.flagIn, s.flagOut = false, true
	return ""
}

// flagWarning is one line that says that the flag is in, where, and what it does.
func (s *seeding) flagWarning(why string) string {
	return fmt.Sprintf(
		"The force flag is still in %s on %s: whenever etcd starts there it throws all other members out. %s. "+
			"To take it out: cp -p %s %[1]s.",
		s.seed.ev.ManifestPath,
		s.seed.Name,
		strings.Join(strings.Fields(why), " "),
		s.seed.parkedAt(),
	)
}

// aloneOrLost refuses where a quorum answers that is not the seed by itself. There is nothing to force then, and
// nothing may be stopped, whatever a journal says.
func aloneOrLost(live recovery.Survey, seed string) error {
	for _, e := range live {
		if !e.Quorum || e.Status == nil {
			continue
		}
		if e.Name == seed && len(e.Members) == 1 && e.Members[0].ID == e.Status.MemberID && !e.Members[0].Learner {
			continue
		}
		return &recovery.Refusal{
			Code:      recovery.CodeClusterAlive,
			Title:     "The Cluster Is Alive",
			Attribute: "survey",
			Found: fmt.Sprintf(
				"cluster %s answers with a quorum on %s, and its members are %s. It is not the cluster of %s alone, "+
					"which this recovery is about, so nothing was stopped.",
				e.Status.ClusterID,
				e.Name,
				describe(e.Members),
				seed,
			),
			Next: "take etcdrecovery_seed out of the configuration, and let each node that is missing join that " +
				"cluster with etcdrecovery_member (join = data.etcdrecovery_survey.….cluster).",
		}
	}
	return nil
}

// stillStopped makes sure once more, before the flag goes in, that no etcd listens on any of the nodes: they were
// stopped before the copy, which can take its time, and anybody may have started them since.
func (s *seeding) stillStopped(ctx context.Context) error {
	return s.each(ctx, s.plan.Reached(), func(ctx context.Context, m *master) error {
		busy, err := m.busyPort(ctx)
		if err != nil || busy == "" {
			return err
		}
		return &recovery.Refusal{
			Code:  recovery.CodeClusterAlive,
			Title: "Etcd Was Started Meanwhile",
			Found: fmt.Sprintf(
				"etcd was stopped on %s for this recovery, and now something listens at %s there again. It may be "+
					"part of a cluster, so nothing was forced.",
				m.Name,
				busy,
			),
			Next: fmt.Sprintf(
				"find out who started it (ss -ltnp, on %s). Run terraform plan again, and look at what it says then.",
				m.Name,
			),
		}
	})
}
