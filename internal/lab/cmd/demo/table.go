//go:build linux

package main

import (
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/steps"
)

// showTimes tells from the nodes' own journals how long each step took.
func (d *demo) showTimes() error {
	d.next("How long each step took, from the journals that the nodes keep.")
	all, err := steps.Read(d.lab)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row := func(at time.Time, took time.Duration, node, name string) {
		_, _ = fmt.Fprintf(
			table,
			"   %6.2f s\t%6.2f s\t%s\t%s\n",
			at.Sub(d.apply.Began).Seconds(),
			took.Seconds(),
			node,
			name,
		)
	}
	_, _ = fmt.Fprintln(table, "   began at\ttook\tjournal of\tstep")
	at, between := d.apply.Began, "(start Terraform, take the locks, check the evidence again)"
	for _, s := range all {
		if gap := s.Begin.Sub(at); gap > 10*time.Millisecond {
			row(at, gap, "", between)
			between = "(write the state, take the locks, check the evidence again)"
		}
		row(s.Begin, s.Took(), s.Node, s.Name())
		at = s.End
	}
	row(at, d.apply.Began.Add(d.apply.Took).Sub(at), "", "(write the state)")
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	say("   The wait to add m3 is etcd's own: it wants m2 to have been connected for 5 s.")
	return nil
}
