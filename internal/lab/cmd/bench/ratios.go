//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// ratios compares whole recoveries with the baseline. The contestants take turns, so that all see the same weather.
func (b *benchmark) ratios(ctx context.Context) error {
	contestants := []struct {
		name    string
		recover func(context.Context, *lab.Lab) (milestones, error)
	}{
		{"baseline", recoverBaseline},
		{"engine alone", recoverEngine},
		{"terraform apply", func(ctx context.Context, l *lab.Lab) (milestones, error) {
			w, err := b.recoverWithTerraform(ctx, l)
			if err != nil {
				return milestones{}, err
			}
			return milestonesOf(l, w.apply.Began, w.apply.Took)
		}},
	}
	measured := make([][]milestones, len(contestants))
	for round := range b.rounds {
		for i, contestant := range contestants {
			note(fmt.Sprintf("round %d of %d: %s", round+1, b.rounds, contestant.name))
			err := disaster{nodes: 3, bytes: smallBytes}.with(ctx, b.etcd, func(l *lab.Lab) error {
				ms, err := contestant.recover(ctx, l)
				measured[i] = append(measured[i], ms)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	total := table{{"recovery of three nodes", "median", "min", "max", "median / baseline"}}
	parts := table{{"reached after (median)"}}
	rows := []struct {
		name string
		of   func(milestones) time.Duration
	}{
		{"forced cluster serves", func(m milestones) time.Duration { return m.forced }},
		{"serves without the flag", func(m milestones) time.Duration { return m.unforced }},
		{"m2 is a voter", func(m milestones) time.Duration { return m.second }},
		{"m3 is a voter", func(m milestones) time.Duration { return m.third }},
		{"done", func(m milestones) time.Duration { return m.done }},
	}
	for _, row := range rows {
		parts.add(row.name)
	}
	base := 0.0
	for i, contestant := range contestants {
		parts[0] = append(parts[0], contestant.name)
		for j, row := range rows {
			parts[j+1] = append(parts[j+1], seconds(median(each(measured[i], row.of))))
		}
		all := each(measured[i], func(m milestones) time.Duration { return m.done })
		mid := median(all)
		if i == 0 {
			base = mid.Seconds()
		}
		total.add(
			contestant.name,
			seconds(mid),
			seconds(slices.Min(all)),
			seconds(slices.Max(all)),
			fmt.Sprintf("%.2f", mid.Seconds()/base),
		)
	}
	total.print(fmt.Sprintf("A whole recovery against the baseline, %d rounds", b.rounds))
	say(
		"\nThe baseline is the same starts, restart, learner adds and promotes of the same etcd, driven directly: no " +
			"Terraform, no SSH, no checks,",
	)
	say(
		"no copy of the data, no waiting beyond each event. 5 s of it are etcd's own, between the second and the " +
			"third member.",
	)
	parts.print("Where it goes")
	return nil
}

func each(all []milestones, of func(milestones) time.Duration) []time.Duration {
	var out []time.Duration
	for _, m := range all {
		out = append(out, of(m))
	}
	return out
}
