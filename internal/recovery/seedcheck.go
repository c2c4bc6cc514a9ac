package recovery

import (
	"context"
	"fmt"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
)

// check compares the masters with the evidence under the lock, and asks once more whether the majority is lost.
func (s *seeding) check(ctx context.Context) error {
	live, err := s.refresh(ctx)
	if err != nil {
		return err
	}
	now, err := DecideSeed(live, s.plan.SeedRequest)
	if err != nil {
		return err
	}
	for _, name := range append(s.plan.others(), s.plan.Node) {
		if err := unchanged(s.plan.Evidence[name], live[name]); err != nil {
			return err
		}
	}
	if now.Forced != s.plan.Forced || now.Final != s.plan.Final || now.OldData != s.plan.OldData || now.OldWAL != s.plan.OldWAL {
		return &Refusal{Title: "A Master Changed Since the Plan", Untouched: nothingTouched, Next: "run terraform plan again and look at what it will do now.",
			Found: fmt.Sprintf("what would be written on %s, or where its data would be kept (%s), is not what the plan shows (%s).", s.plan.Node, now.OldData, s.plan.OldData)}
	}
	if err := s.lostAreSilent(ctx, live[s.plan.Node]); err != nil {
		return err
	}
	// From here on there is something to go on from: who the seed is, and where its data goes.
	s.book = openBook(live[s.plan.Node].journal("seed", s.plan.RecoveryID), "seed", s.plan.RecoveryID, s.seed.Node, s.now)
	s.began = true
	return s.book.keepAt(ctx, s.plan.OldData, s.plan.OldWAL)
}

// lostAreSilent asks from the seed whether etcd answers on the masters that were given up: from there they may be reached where they are not
// from here.
func (s *seeding) lostAreSilent(ctx context.Context, seed Evidence) error {
	members := seed.Members
	if len(members) == 0 { // it does not run, as after an attempt that was broken off
		members = namedInManifests(s.plan.Evidence)
	}
	for _, m := range members {
		if slices.ContainsFunc(sorted(s.plan.Evidence), func(e Evidence) bool { return e.MemberName != "" && e.isMember(m) }) {
			continue
		}
		for _, u := range m.PeerURLs {
			if etcd.PeerAnswers(ctx, s.seed.DialContext, u) {
				return &Refusal{Title: "A Master Given Up Runs Etcd", Attribute: "lost_nodes", Untouched: nothingTouched,
					Found: fmt.Sprintf("%s reaches the etcd of member %s at %s, a master that does not answer over SSH.", s.seed.Name, m.Name, u),
					Next:  "switch that machine off, or put SSH to it right and take it out of lost_nodes."}
			}
		}
	}
	return nil
}

// settled is true from the moment the new cluster runs without the flag: whoever comes back with old data is sent away by it, and who has
// joined meanwhile must not be stopped.
func (s *seeding) settled(context.Context) (bool, error) { return s.book.mark(markUnforced) != "", nil }
