//go:build linux

package main

import (
	"context"
	"fmt"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// meter reads what went over SSH since the last reading.
type meter struct {
	lab  *lab.Lab
	last map[string]lab.Stats
	rows table
}

func newMeter(l *lab.Lab) *meter {
	t := &meter{lab: l, last: map[string]lab.Stats{}, rows: table{{"connections / commands / tunnels"}}}
	for _, m := range l.Nodes() {
		t.last[m.Name()] = m.Stats()
		t.rows[0] = append(t.rows[0], m.Name())
	}
	t.rows[0] = append(t.rows[0], "KiB up", "KiB down")
	return t
}

func (t *meter) read(what string) {
	row := []string{what}
	var up, down int64
	for _, m := range t.lab.Nodes() {
		now, was := m.Stats(), t.last[m.Name()]
		t.last[m.Name()] = now
		row = append(
			row,
			fmt.Sprintf(
				"%d / %d / %d",
				now.Connections-was.Connections,
				now.Sessions-was.Sessions,
				now.Tunnels-was.Tunnels,
			),
		)
		up, down = up+now.BytesIn-was.BytesIn, down+now.BytesOut-was.BytesOut
	}
	t.rows.add(append(row, fmt.Sprint(up>>10), fmt.Sprint(down>>10))...)
}

// traffic counts what a recovery costs the nodes' SSH servers, and the provider's memory.
func (b *benchmark) traffic(ctx context.Context) error {
	note("counting what goes over SSH: engine alone")
	err := disaster{nodes: 3, bytes: smallBytes}.with(ctx, b.etcd, func(l *lab.Lab) error {
		t := newMeter(l)
		planning := newEngine(l)
		evidence := planning.survey(ctx)
		planning.close()
		t.read("survey")
		e := newEngine(l)
		defer e.close()
		if err := e.carryOut(ctx, evidence, t.read); err != nil {
			return err
		}
		t.rows.print("What goes over SSH, by operation (a new process before the survey and before the seed)")
		return nil
	})
	if err != nil {
		return err
	}
	note("counting what goes over SSH: Terraform")
	return disaster{nodes: 3, bytes: smallBytes}.with(ctx, b.etcd, func(l *lab.Lab) error {
		w, err := b.newTerraformRun(l)
		if err != nil {
			return err
		}
		t := newMeter(l)
		if err := w.makePlan(ctx); err != nil {
			return err
		}
		t.read("terraform plan")
		if err := w.applyPlan(ctx); err != nil {
			return err
		}
		t.read("terraform apply")
		again, err := w.call(ctx, "plan", "-no-color")
		if err != nil {
			return err
		}
		t.read("terraform plan, when all is well")
		t.rows.print("What goes over SSH, by command")
		memory := table{{"provider process", "peak MiB", "seconds"}}
		for _, c := range []struct {
			name string
			at   float64
			peak int64
		}{
			{"terraform plan", w.plan.Took.Seconds(), w.plan.Peak},
			{"terraform apply", w.apply.Took.Seconds(), w.apply.Peak},
			{"terraform plan, when all is well", again.Took.Seconds(), again.Peak},
		} {
			memory.add(c.name, fmt.Sprintf("%.1f", float64(c.peak)/(1<<20)), fmt.Sprintf("%.2f", c.at))
		}
		memory.print("Memory of the provider (VmHWM) and time of the whole command")
		return nil
	})
}
