//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/steps"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// script recovers nodes by shell commands over SSH, as people do: it checks nothing, keeps nothing, and locks
// nothing.
type script struct {
	cluster
	variant
	logins logins
	ids    map[string]uint64 // of the members added
	lists  map[string]string // --initial-cluster of each
}

// scripted is one of its steps.
type scripted struct {
	who string
	id  recovery.StepID
	do  func(context.Context) error
}

func (s *script) steps() []scripted {
	list := []scripted{
		{"m1", recovery.StepStop, s.stop},
		{"m1", recovery.StepForce, s.force},
		{"m1", recovery.StepUnforce, s.unforce},
	}
	for _, m := range s.lab.Nodes()[1:] {
		step := func(id recovery.StepID, do func(context.Context, lab.Node) error) {
			list = append(list, scripted{m.Name(), id, func(ctx context.Context) error { return do(ctx, m) }})
		}
		step(recovery.StepMoveAside, s.remove)
		step(recovery.StepAddLearner, s.join)
		step(recovery.StepStart, s.start)
		step(recovery.StepCatchUp, s.catchUp)
		if s.learners {
			step(
				recovery.StepPromote,
				func(ctx context.Context, m lab.Node) error { return s.promote(ctx, s.ids[m.Name()]) },
			)
		}
	}
	last := list[len(list)-1].who
	return append(list, scripted{last, recovery.StepConfirm, s.complete})
}

// runScript walks the list. seedUp is called when clients of the seed can work again.
func runScript(ctx context.Context, l *lab.Lab, w variant, seedUp func()) (spans, error) {
	s := &script{
		cluster: cluster{lab: l, every: w.pause},
		variant: w,
		logins:  login(l),
		ids:     map[string]uint64{},
		lists:   map[string]string{},
	}
	defer s.logins.close()
	defer s.close()
	var done spans
	began := time.Now()
	for _, step := range s.steps() {
		if err := step.do(ctx); err != nil {
			return nil, fmt.Errorf("%s, %s: %s: %w", w.name, step.who, step.id, err)
		}
		now := time.Now()
		done = append(done, span{who: step.who, name: steps.Name(step.id), began: began, ended: now})
		began = now
		if step.id == recovery.StepUnforce {
			seedUp()
		}
	}
	return done, nil
}

// sh runs a command on a node.
func (s *script) sh(ctx context.Context, node, command string) error {
	if _, err := s.logins[node].Run(ctx, s.words()+command); err != nil {
		return fmt.Errorf("on %s: %w", node, err)
	}
	return nil
}

// words are what the commands are made of. A manifest is made outside the kubelet's folder and moved in whole.
func (s *script) words() string {
	return fmt.Sprintf(`pod=/etc/kubernetes/manifests/etcd.yaml; aside=/root/aside/etcd.yaml; new=/root/etcd.yaml
look() { sleep %.3f; }
gone() { while pgrep -x etcd >/dev/null; do look; done; }
`, s.every.Seconds())
}

const park = `mkdir -p /root/aside; [ ! -e "$pod" ] || mv "$pod" "$aside"`

// stop stops the others first, or everyone at once.
func (s *script) stop(ctx context.Context) error {
	if s.atOnce {
		return s.stopThese(ctx, s.lab.Nodes())
	}
	if err := s.stopThese(ctx, s.lab.Nodes()[1:]); err != nil {
		return err
	}
	return s.stopThese(ctx, s.lab.Nodes()[:1])
}

func (s *script) stopThese(ctx context.Context, nodes []lab.Node) error {
	var all errgroup.Group
	for _, m := range nodes {
		all.Go(func() error { return s.sh(ctx, m.Name(), park+`; gone`) })
	}
	return all.Wait()
}

func (s *script) force(ctx context.Context) error {
	edit := `sed -e 's/^    - etcd$/&\n    - --force-new-cluster/'`
	if s.rename {
		edit += ` -e 's/^  name: etcd$/&-forced/'`
	}
	if err := s.sh(ctx, "m1", edit+` "$aside" >"$new"; mv "$new" "$pod"`); err != nil {
		return err
	}
	return s.alone(ctx)
}

func (s *script) unforce(ctx context.Context) error {
	command := `rm "$pod"; gone; cp "$aside" "$new"; mv "$new" "$pod"`
	if s.inPlace {
		command = `cp "$aside" "$new"; mv "$new" "$pod"; ` +
			`while pgrep -a -x etcd | grep -q force-new-cluster; do look; done`
	}
	if err := s.sh(ctx, "m1", command); err != nil {
		return err
	}
	return s.alone(ctx)
}

func (s *script) remove(ctx context.Context, m lab.Node) error {
	return s.sh(ctx, m.Name(), `rm -rf /var/lib/etcd/member`)
}

func (s *script) join(ctx context.Context, m lab.Node) (err error) {
	s.ids[m.Name()], s.lists[m.Name()], err = s.add(ctx, m, s.learners)
	return err
}

func (s *script) start(ctx context.Context, m lab.Node) error {
	edit := fmt.Sprintf(`sed -e 's|--initial-cluster=.*|--initial-cluster=%s|'`, s.lists[m.Name()]) +
		` -e 's|--initial-cluster-state=.*|--initial-cluster-state=existing|'`
	if err := s.sh(ctx, m.Name(), edit+` "$aside" >"$new"; mv "$new" "$pod"`); err != nil {
		return err
	}
	return s.listening(ctx, m)
}

func (s *script) catchUp(ctx context.Context, m lab.Node) error {
	if s.learners {
		return s.caughtUp(ctx, m)
	}
	return s.healthy(ctx, m)
}
