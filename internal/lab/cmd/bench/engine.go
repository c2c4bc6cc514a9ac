//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/executor"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

// engine is the recovery without Terraform: the same calls that the provider makes.
type engine struct {
	lab    *lab.Lab
	nodes  map[string]*node.Node
	logins logins
}

// newEngine has an SSH connection of its own to each node, as each process of the provider has.
func newEngine(l *lab.Lab) *engine {
	e := &engine{lab: l, nodes: map[string]*node.Node{}, logins: login(l)}
	for _, m := range l.Nodes() {
		e.nodes[m.Name()] = node.New(
			node.Settings{
				Name:          m.Name(),
				KubeletConfig: m.Inside(node.DefaultKubeletConfig),
				WorkDir:       m.Inside(node.DefaultWorkDir),
			},
			e.logins[m.Name()],
		)
	}
	return e
}

func (e *engine) close() { e.logins.close() }

func (e *engine) survey(ctx context.Context) recovery.Survey {
	return survey.Take(ctx, e.nodes, time.Now())
}

// carryOut does what an apply does with the evidence that the plan was made from. between hears of each operation that
// is done.
func (e *engine) carryOut(
	ctx context.Context,
	evidence recovery.Survey,
	between func(operation string),
) error {
	o := executor.Options{Now: time.Now}
	plan, err := planner.DecideSeed(evidence, planner.SeedRequest{RecoveryID: "lab"})
	if err != nil {
		return err
	}
	seed, err := executor.Seed(ctx, plan, e.nodes, o)
	if err != nil {
		return err
	}
	between("seed m1")
	cluster := recovery.Cluster{ID: seed.ClusterID.String(), Members: seed.Members}
	for _, m := range e.lab.Nodes()[1:] {
		plan, err := planner.DecideMember(evidence.Node(m.Name()), cluster, false)
		if err != nil {
			return err
		}
		member, err := executor.Member(ctx, plan, e.nodes, o)
		if err != nil {
			return err
		}
		between("member " + m.Name())
		cluster.Members = member.Members
	}
	return nil
}

func recoverEngine(ctx context.Context, l *lab.Lab) (milestones, error) {
	planning := newEngine(l)
	evidence := planning.survey(ctx)
	planning.close()
	e := newEngine(l)
	defer e.close()
	began := time.Now()
	if err := e.carryOut(ctx, evidence, func(string) {}); err != nil {
		return milestones{}, fmt.Errorf("recovering without Terraform: %w", err)
	}
	return milestonesOf(l, began, time.Since(began))
}
