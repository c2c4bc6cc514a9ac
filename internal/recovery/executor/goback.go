package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/etcd"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// seedBackPatience is for the seed's etcd to answer its peers again: a kubelet may take 10 s and more until it lets a
// pod start whose name it has just stopped.
const seedBackPatience = time.Minute

// tidyPatience is for what is left of a copy to be removed. What takes longer is named.
const tidyPatience = 5 * time.Second

// leave says on which side of the point of no return things are left. As long as nothing was forced and no copy has
// been made, everything is brought back to where it was first.
func (s *seeding) leave(ctx context.Context, cause error) string {
	if !s.began {
		return recovery.Earlier(s.book.Stands(""))
	}
	stands := s.book.SeedStands() // also of a recovery that was finished before, and is only looked at again
	switch {
	case s.book.Reached(recovery.PhaseForced):
		return stands + s.out()
	case s.book.Reached(recovery.PhaseForcing):
		return stands + s.out() + " " + s.byHand()
	case errors.Is(cause, node.ErrLocked):
		return "etcd's manifests may have been moved away; nothing was put back, since somebody else is at work. No " +
			"data was changed."
	case s.copiedUnheard(ctx):
		return s.book.SeedStands() + " " + s.byHand()
	}
	return s.goBack(ctx)
}

// out says how the seed is left where the flag was taken out at the end of the run.
func (s *seeding) out() string {
	if !s.flagOut {
		return ""
	}
	return fmt.Sprintf(
		" The forced manifest is out of the kubelet's folder again, so etcd is stopped there until terraform apply "+
			"goes on; its own manifest is at %s.",
		s.seed.parkedAt(),
	)
}

// copiedUnheard tells whether a copy has been made, also one whose end nobody heard of: what was copied once is not
// copied again.
func (s *seeding) copiedUnheard(ctx context.Context) bool {
	if s.pastCopy {
		return false
	}
	if s.book.Reached(recovery.PhaseCopied) {
		return true
	}
	if err := s.book.settle(); err != nil {
		return false
	}
	if whole, err := s.seed.Copied(ctx, s.copies()...); err != nil || !whole {
		return false
	}
	s.keepCopy()
	return s.book.save(ctx) == nil
}

// byHand is the way back from where this program does not go back by itself.
func (s *seeding) byHand() string {
	ev, kept := s.seed.ev, s.book.Copy()
	var do []string
	first := "when no etcd runs there"
	if s.book.Reached(recovery.PhaseForcing) {
		first = "rm -f " + ev.ManifestPath + "; then, when no etcd runs there any more"
		do = append(
			do, fmt.Sprintf("mv %[1]s/member %[1]s/member.forced && cp -a %[2]s/member %[1]s/", ev.DataDir, kept.Data),
		)
		if kept.WAL != "" {
			do = append(do, fmt.Sprintf(
				"mkdir %[1]s/forced && mv %[1]s/*.wal %[1]s/forced/ && cp -a %[2]s/. %[1]s/", ev.WALDir, kept.WAL,
			))
		}
	}
	do = append(do, fmt.Sprintf("cp -p %s %s", s.seed.parkedAt(), ev.ManifestPath))
	return fmt.Sprintf(
		"To go back instead, on %s, %s: %s. On the others put etcd's manifest back only where the data is still "+
			"there, and only once etcd runs on %s.",
		s.plan.Node,
		first,
		strings.Join(do, " && "),
		s.plan.Node,
	)
}

// goBack puts the manifests back that this recovery has moved away. The seed's is first, and the others wait until its
// etcd answers: wiped masters that do not reach it could found an empty cluster under the old one's ID.
func (s *seeding) goBack(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, seedBackPatience)
	defer cancel()
	seed := s.plan.Node
	moved := s.book.Moved
	others := slices.DeleteFunc(slices.Clone(moved), func(name string) bool { return name == seed })
	left := map[string]error{}
	for _, name := range moved {
		if s.masters[name] == nil {
			left[name] = errors.New("no node has this name now")
		}
	}
	others = slices.DeleteFunc(others, func(name string) bool { return left[name] != nil })
	var err error
	if slices.Contains(moved, seed) {
		if err = s.seed.unpark(ctx); err != nil {
			left[seed] = err
			err = fmt.Errorf("etcd on %s is not back", seed)
		}
	}
	if err == nil && len(others) > 0 && s.book.SeedRan {
		err = s.seed.awaitPeers(ctx)
	}
	var mu sync.Mutex
	_ = s.each(ctx, others, func(ctx context.Context, m *master) error {
		own := err
		if own == nil {
			own = m.unpark(ctx)
		}
		mu.Lock()
		defer mu.Unlock()
		if own != nil {
			left[m.Name] = own
		}
		return nil
	})
	tidy, stop := context.WithTimeout(context.WithoutCancel(ctx), tidyPatience)
	defer stop()
	copies, copyErr := s.seed.DropCopying(tidy, s.copies()...)
	if len(left) == 0 {
		s.book.End(recovery.PhaseUndone, s.now().UTC())
	} else {
		s.book.Phase = recovery.PhaseBegun // etcd may run again on some of them
	}
	saveErr := s.book.save(ctx)
	if len(left) == 0 && saveErr == nil {
		text := fmt.Sprintf(
			"nothing any more. Etcd's manifests are in the kubelet's folders of %s again, as they were; no data was "+
				"changed, and nothing was forced: the point of no return was not reached.",
			recovery.Words(moved),
		)
		if len(copies) > 0 {
			text += fmt.Sprintf(" A copy of the data is left on %s and takes space: %s.", seed, recovery.Words(copies))
		}
		if copyErr != nil {
			text += fmt.Sprintf(" What is left of a copy on %s takes space (%v).", seed, copyErr)
		}
		return text
	}
	text := "no data was changed, and nothing was forced: the point of no return is not reached."
	for _, why := range left {
		if errors.Is(why, node.ErrLocked) {
			return text + " Etcd's manifests may have been moved away; they were not put back, since somebody else " +
				"is at work."
		}
	}
	if len(left) == 0 {
		return fmt.Sprintf(
			"%s Etcd's manifests are in the kubelet's folders of %s, as they were. Only the journal on %s could not "+
				"be written (%v).",
			text,
			recovery.Words(moved),
			seed,
			saveErr,
		)
	}
	for _, name := range moved {
		if why := left[name]; why != nil {
			text += fmt.Sprintf(" Etcd's manifest could not be put back on %s (%v).", name, why)
		}
	}
	text += " Going on is the way. To go back instead, put the manifests back by hand, that of " + seed +
		" first, and the others only once etcd runs there:"
	for _, name := range append([]string{seed}, others...) {
		if m := s.masters[name]; left[name] != nil {
			text += fmt.Sprintf("\n  on %s: mv %s %s", name, m.parkedAt(), m.ev.ManifestPath)
		}
	}
	if saveErr != nil {
		text += fmt.Sprintf("\nThe journal on %s could not be written (%v).", seed, saveErr)
	}
	return text
}

// copies are the places where the seed's data is copied to.
func (s *seeding) copies() []string {
	if s.plan.OldWAL == "" {
		return []string{s.plan.OldData}
	}
	return []string{s.plan.OldData, s.plan.OldWAL}
}

// unpark puts a manifest back that park has moved away. That park was not told of its success is no reason to leave it
// there.
func (m *master) unpark(ctx context.Context) error {
	return m.Unpark(ctx, m.parkedAt(), m.ev.ManifestPath, m.ev.ManifestHash())
}

// awaitPeers waits until the etcd on this master answers its peers.
func (m *master) awaitPeers(ctx context.Context) error {
	for {
		for _, u := range m.ev.PeerURLs {
			if answers, _ := etcd.PeerAnswers(ctx, m.DialContext, u); answers {
				return nil
			}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("etcd on %s does not answer its peers again yet", m.Name)
		}
	}
}
