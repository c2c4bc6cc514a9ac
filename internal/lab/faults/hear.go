//go:build linux

package faults

import (
	"context"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults/link"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/history"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// hear follows the steps, and lets the fault strike when its moment has come. The provider stands still until it
// returns.
func (a *attempt) hear(ctx context.Context, e link.Event) {
	a.place(ctx, e)
	a.say("%s %s on %q acted=%v", e.Operation, e.ID, e.Nodes, e.Acted)
	if !a.due(e) {
		return
	}
	a.mu.Lock()
	c := a.Case
	a.mu.Unlock()
	if c.Moment == During {
		usual := a.Took[key(e.Operation, e.ID)]
		wait := time.Duration(a.rng.Float64() * float64(max(usual, 20*time.Millisecond)))
		time.AfterFunc(wait, func() { a.strike(ctx, c.Fault, e) })
		return
	}
	a.strike(ctx, c.Fault, e)
}

// place keeps what is to be known of a step, and starts the clients when the first member joins.
func (a *attempt) place(ctx context.Context, e link.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if e.Acted {
		a.result.Durations[key(e.Operation, e.ID)] = time.Since(a.began)
	} else {
		a.began = time.Now()
	}
	if e.Operation == recovery.OperationMember {
		if len(e.Nodes) > 0 {
			a.joining = e.Nodes[0]
		}
		if a.recorder == nil {
			var err error
			if a.recorder, err = history.Start(ctx, a.lab, a.rng.Int64()); err != nil {
				a.errs = append(a.errs, err)
			}
		}
	}
	switch e.ID {
	case recovery.StepStopSeed:
		if e.Acted && !a.forcing {
			a.digest = digest(a.lab.Node(survivor).Path("/var/lib/etcd/member"))
		}
	case recovery.StepForce:
		a.forcing = true
	}
}

// strike makes a fault happen to a master that the step is about, or to the provider.
func (a *attempt) strike(ctx context.Context, f Fault, e link.Event) {
	defer a.striking.Done()
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.target(e)
	if f.Name == ctrlC {
		a.signal = time.Now()
	} else if f.Name != providerKilled {
		a.result.Node = m.Name()
	}
	heal, err := f.inject(ctx, hit{node: m, provider: e.PID, rng: a.rng})
	if err != nil && !a.again(err) {
		a.errs = append(a.errs, err)
	}
	if heal != nil {
		a.heals = append(a.heals, heal)
	}
}

// target is one of the masters that a step names; for one about the cluster, the seed or the joining one.
func (a *attempt) target(e link.Event) lab.Node {
	names := e.Nodes
	if len(names) == 0 {
		names = []string{survivor, a.joining}
	}
	if m := a.lab.Node(names[a.rng.IntN(len(names))]); m != nil {
		return m
	}
	return a.lab.Node(survivor)
}
