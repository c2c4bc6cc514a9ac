//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/cmd/internal/command"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/machine"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/steps"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// keys are how many there are, each of valueSize.
const keys = 1000

// onDebian is the benchmark of Debian nodes with real kubelets: scripts over SSH against the provider.
func onDebian(o options, keep bool) machine.Program {
	return machine.Program{
		Prepare: func(ctx context.Context) ([]*os.File, error) { return nil, prepareDebian(ctx, o) },
		Run: func([]*os.File) int {
			return command.Main("bench", keep, func(ctx context.Context, dir string) error {
				return (&benchmark{options: o, dir: dir}).contestOnDebian(ctx)
			})
		},
	}
}

// prepareDebian builds and downloads everything, which cannot be done in the host namespace.
func prepareDebian(ctx context.Context, o options) error {
	if err := lab.PrepareDebian(ctx, lab.Options{Etcd: o.etcd}, os.Stderr); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "etcdrecovery-bench-")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	_, err = terraform.Prepare(ctx, dir, note)
	return errors.Join(err, os.RemoveAll(dir))
}

// measurement is of one recovery.
type measurement struct {
	spans  spans
	plan   time.Duration // of Terraform, before
	writes writes
	load   string
}

// contest is how several contestants did on the same disaster.
type contest struct {
	names    []string
	measured [][]measurement // by contestant, then by round
}

func (b *benchmark) contestOnDebian(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, b.limit(), errors.New("the benchmark takes too long"))
	defer cancel()
	began := time.Now()
	var err error
	if b.tools, err = terraform.Prepare(ctx, b.dir, note); err != nil {
		return err
	}
	quiet, err := b.compete(ctx, b.rounds, false)
	if err != nil {
		return err
	}
	busy, err := b.compete(ctx, 1, true)
	if err != nil {
		return err
	}
	say(
		"Recoveries of etcd %s on three Debian nodes with real kubelets, %d keys, two nodes wiped, %s, %d CPUs. "+
			"Times in seconds.",
		b.etcd,
		keys,
		b.tools.CLI.Version,
		runtime.NumCPU(),
	)
	quiet.print("nobody writes")
	say(
		"\nThe scripts keep no copy of the data, check nothing and lock nothing; where it says \"%s\", they remove "+
			"it. The runbook adds",
		steps.Name(recovery.StepMoveAside),
	)
	say(
		"voters, gives the forced pod the name of the other, and takes the flag out in the kubelet's folder. 5 s " +
			"before the third member is added",
	)
	say("are etcd's own (HealthInterval).")
	busy.print("a client writes to the seed from its being up")
	say(
		"\nOnce the seed has written 100 entries, etcd 3.6 and 3.7 send a joiner the whole data, and often its own " +
			"announcement with it. The joiner then",
	)
	say("waits for that for 7 s, one publish timeout, before it serves: etcd's own as well.")
	busy.printWrites()
	say("\nThis took %.0f s.", time.Since(began).Seconds())
	return nil
}

// compete lets the contestants take turns, so that all see the same weather.
func (b *benchmark) compete(ctx context.Context, rounds int, busy bool) (*contest, error) {
	contestants := []struct {
		name    string
		recover func(context.Context, *lab.Lab, func()) (spans, time.Duration, error)
	}{
		{runbook().name, scriptOf(runbook())},
		{fastest().name, scriptOf(fastest())},
		{"terraform apply", b.runApply},
	}
	c := &contest{measured: make([][]measurement, len(contestants))}
	for _, contestant := range contestants {
		c.names = append(c.names, contestant.name)
	}
	for round := range rounds {
		for i, contestant := range contestants {
			note(fmt.Sprintf("round %d of %d, busy %t: %s", round+1, rounds, busy, contestant.name))
			err := disaster{
				grade: lab.Debian,
				nodes: 3,
				bytes: keys * valueSize,
			}.with(
				ctx,
				b.etcd,
				func(l *lab.Lab) (err error) {
					m := measurement{load: load()}
					if busy {
						m.writes, err = writeFrom(ctx, l, func(seedUp func()) (err error) {
							m.spans, m.plan, err = contestant.recover(ctx, l, seedUp)
							return err
						})
					} else {
						m.spans, m.plan, err = contestant.recover(ctx, l, func() {})
					}
					c.measured[i] = append(c.measured[i], m)
					return err
				},
			)
			if err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

func scriptOf(w variant) func(context.Context, *lab.Lab, func()) (spans, time.Duration, error) {
	return func(ctx context.Context, l *lab.Lab, seedUp func()) (spans, time.Duration, error) {
		done, err := runScript(ctx, l, w, seedUp)
		return done, 0, err
	}
}

// print shows the median recovery of each contestant, step by step, and how the contestants compare.
func (c *contest) print(when string) {
	totals := table{
		{
			"recovery of three nodes",
			"median",
			"min",
			"max",
			"/ " + c.names[0],
			"/ " + c.names[1],
			"plan before",
			"load before",
		},
	}
	var medians []measurement
	for i, all := range c.measured {
		sorted := slices.SortedStableFunc(
			slices.Values(all),
			func(a, b measurement) int { return cmp.Compare(a.spans.took(), b.spans.took()) },
		)
		middle := sorted[(len(sorted)-1)/2]
		medians = append(medians, middle)
		against := func(j int) string {
			return fmt.Sprintf("%.2f", middle.spans.took().Seconds()/medians[j].spans.took().Seconds())
		}
		row := []string{
			c.names[i],
			seconds(middle.spans.took()),
			seconds(sorted[0].spans.took()),
			seconds(sorted[len(sorted)-1].spans.took()),
			against(0),
			"",
			"",
			"",
		}
		if i > 0 {
			row[5] = against(1)
		}
		if middle.plan > 0 {
			row[6] = seconds(middle.plan)
		}
		var loads []string
		for _, m := range all {
			loads = append(loads, m.load)
		}
		row[7] = strings.Join(loads, " ")
		totals.add(row...)
	}
	var typical []spans
	for _, m := range medians {
		typical = append(typical, m.spans)
	}
	spanTable(c.names, typical).print("Where every second goes: " + when)
	totals.print(
		fmt.Sprintf(
			"Whole recoveries, %d of each: %s. Aims for terraform apply: 0.33 of the runbook, 1.25 of the fastest "+
				"script",
			len(c.measured[0]),
			when,
		),
	)
}

func (c *contest) printWrites() {
	t := table{{"the writer", "writes", "failed", "lost", "longest gap, ms"}}
	for i, all := range c.measured {
		for _, m := range all {
			t.add(
				c.names[i],
				fmt.Sprint(m.writes.acked),
				fmt.Sprint(m.writes.failed),
				fmt.Sprint(m.writes.lost),
				fmt.Sprint(m.writes.gap.Milliseconds()),
			)
		}
	}
	t.print("Writes until the last node is back, about 200 a second. Aim for terraform apply: none failed")
}
