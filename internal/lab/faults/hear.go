//go:build linux

package faults

import (
	"context"
	"strings"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults/link"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/history"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/steps"
)

// hear follows the steps, and lets the fault strike when its moment has come. The provider stands still until it
// returns.
func (a *attempt) hear(ctx context.Context, e link.Event) {
	operation := a.place(ctx, e)
	a.say("%s %d/%d of %s acted=%v: %s", operation, e.Step, e.Of, e.Master, e.Acted, steps.Short(e.Title))
	a.mu.Lock()
	struck := a.result.Struck || a.Fault.inject == nil || operation != a.Operation || e.Step != a.Step ||
		e.Acted != (a.Moment == After)
	a.result.Struck = a.result.Struck || !struck
	a.mu.Unlock()
	if struck {
		return
	}
	if a.Moment == During {
		usual := a.Took[key(operation, e.Step)]
		wait := time.Duration(a.rng.Float64() * float64(max(usual, 20*time.Millisecond)))
		time.AfterFunc(wait, func() { a.strike(ctx, e) })
		return
	}
	a.strike(ctx, e)
}

// place finds out of which operation a step is, keeps what is to be known of it, and starts the clients when the first
// member joins.
func (a *attempt) place(ctx context.Context, e link.Event) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	operation := "member"
	if e.Of == len(seedSteps()) {
		operation, a.joining = "seed", ""
	} else if steps.Short(e.Title) == steps.Lock {
		a.joining = e.Master
	}
	switch {
	case !e.Acted:
		a.began = time.Now()
	default:
		a.result.Durations[key(operation, e.Step)] = time.Since(a.began)
	}
	if operation == "member" && a.recorder == nil {
		var err error
		if a.recorder, err = history.Start(ctx, a.lab, a.rng.Int64()); err != nil {
			a.errs = append(a.errs, err)
		}
	}
	if operation == "seed" {
		switch seedSteps()[e.Step-1] {
		case steps.Stop + " on the seed":
			if e.Acted && !a.forcing {
				a.digest = digest(a.lab.Master(survivor).Path("/var/lib/etcd/member"))
			}
		case steps.Force:
			a.forcing = true
		}
	}
	return operation
}

// strike makes the fault happen to a master that the step is about, or to the provider.
func (a *attempt) strike(ctx context.Context, e link.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.target(e)
	if a.Fault.Name == ctrlC {
		a.signal = time.Now()
	} else if a.Fault.Name != providerKilled {
		a.result.Master = m.Name()
	}
	heal, err := a.Fault.inject(ctx, hit{master: m, provider: e.PID, rng: a.rng})
	if err != nil {
		a.errs = append(a.errs, err)
	}
	if heal != nil {
		a.heals = append(a.heals, heal)
	}
}

// target is one of the masters that a step names; for one about the cluster, the seed or the joining one.
func (a *attempt) target(e link.Event) lab.Master {
	names := strings.Split(e.Master, ", ")
	if e.Master == "cluster" {
		names = []string{survivor, a.joining}
	}
	if m := a.lab.Master(names[a.rng.IntN(len(names))]); m != nil {
		return m
	}
	return a.lab.Master(survivor)
}
