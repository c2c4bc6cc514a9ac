//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/steps"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

const mib = 1 << 20

func (b *benchmark) byNodes(ctx context.Context) error {
	var all []disaster
	for _, n := range []int{3, 5, 7} {
		all = append(all, disaster{nodes: n, bytes: 10 * mib})
	}
	return b.scale(ctx, "Time against the number of nodes, 10 MiB of data", all, func(d disaster) string {
		return fmt.Sprintf("%d nodes", d.nodes)
	})
}

func (b *benchmark) bySize(ctx context.Context) error {
	var all []disaster
	for _, n := range []int{10, 256, 1024} {
		all = append(all, disaster{nodes: 3, bytes: n * mib})
	}
	return b.scale(ctx, "Time against the amount of data, three nodes", all, func(d disaster) string {
		return fmt.Sprintf("%d MiB", d.bytes/mib)
	})
}

// scale measures one recovery with Terraform of each, step by step.
func (b *benchmark) scale(ctx context.Context, title string, all []disaster, name func(disaster) string) error {
	t := table{{"step"}}
	for _, row := range rows() {
		t.add(row.name)
	}
	commands, tunnels := []string{"SSH commands, plan and apply"}, []string{"tunnels, plan and apply"}
	for _, d := range all {
		note(fmt.Sprintf("measuring %d nodes with %d MiB", d.nodes, d.bytes/mib))
		err := d.with(ctx, b.etcd, func(l *lab.Lab) error {
			before := total(l)
			w, err := b.recoverWithTerraform(ctx, l)
			if err != nil {
				return err
			}
			done, err := steps.Read(l)
			if err != nil {
				return err
			}
			t[0] = append(t[0], name(d))
			for i, row := range rows() {
				t[i+1] = append(t[i+1], row.value(w, done))
			}
			after := total(l)
			commands = append(commands, fmt.Sprint(after.Sessions-before.Sessions))
			tunnels = append(tunnels, fmt.Sprint(after.Tunnels-before.Tunnels))
			return nil
		})
		if err != nil {
			return err
		}
	}
	t.add(commands...)
	t.add(tunnels...)
	t.print(title)
	return nil
}

// total is what has gone over SSH to all nodes together.
func total(l *lab.Lab) (sum lab.Stats) {
	for _, m := range l.Nodes() {
		s := m.Stats()
		sum.Sessions += s.Sessions
		sum.Tunnels += s.Tunnels
	}
	return sum
}

// row is a line of the table: what to take from a recovery.
type row struct {
	name  string
	value func(*terraformRun, []steps.Step) string
}

func rows() []row {
	list := []row{
		{"terraform plan", func(w *terraformRun, _ []steps.Step) string { return seconds(w.plan.Took) }},
		{"terraform apply", func(w *terraformRun, _ []steps.Step) string { return seconds(w.apply.Took) }},
		{
			"provider's peak memory, MiB",
			func(w *terraformRun, _ []steps.Step) string { return fmt.Sprintf("%.0f", float64(w.apply.Peak)/mib) },
		},
		{"outside of the journals, in all", outside},
	}
	for _, id := range []recovery.StepID{
		recovery.StepStopOthers,
		recovery.StepStopSeed,
		recovery.StepCopy,
		recovery.StepForce,
		recovery.StepUnforce,
		recovery.StepConfirm,
	} {
		list = append(list, stepRow(recovery.OperationSeed, id))
	}
	for _, id := range []recovery.StepID{
		recovery.StepStop,
		recovery.StepRemoveStale,
		recovery.StepMoveAside,
		recovery.StepAddLearner,
		recovery.StepStart,
		recovery.StepCatchUp,
		recovery.StepPromote,
		recovery.StepConfirm,
	} {
		list = append(list, stepRow(recovery.OperationMember, id))
	}
	return list
}

// stepRow is the time of a step; for members the median and the longest.
func stepRow(operation recovery.Operation, id recovery.StepID) row {
	return row{string(operation) + ": " + steps.Name(id), func(_ *terraformRun, all []steps.Step) string {
		var took []time.Duration
		longest := time.Duration(0)
		for _, s := range all {
			if s.Operation == operation && s.ID == id {
				took, longest = append(took, s.Took()), max(longest, s.Took())
			}
		}
		if len(took) == 0 {
			return "-"
		}
		if operation == recovery.OperationMember {
			return seconds(median(took)) + " to " + seconds(longest)
		}
		return seconds(longest)
	}}
}

// outside is what no journal has: Terraform, and what comes before the first change of each operation.
func outside(w *terraformRun, all []steps.Step) string {
	rest := w.apply.Took
	for _, s := range all {
		rest -= s.Took()
	}
	return seconds(rest)
}
