//go:build linux

package main

import (
	"fmt"
	"slices"
	"time"
)

// span is a piece of a recovery. Those of one recovery follow each other without a gap.
type span struct {
	who   string // the node that comes back by it
	name  string
	began time.Time
	ended time.Time
}

func (s span) row() string { return s.who + ": " + s.name }

// spans are a whole recovery.
type spans []span

func (all spans) took() time.Duration { return all[len(all)-1].ended.Sub(all[0].began) }

// in is the time spent in all spans of a row.
func (all spans) in(row string) (took time.Duration, found bool) {
	for _, s := range all {
		if s.row() == row {
			took, found = took+s.ended.Sub(s.began), true
		}
	}
	return took, found
}

// rowsOf merges the rows of several recoveries, in the order of the longest one.
func rowsOf(all []spans) []string {
	var rows []string
	for _, one := range slices.SortedStableFunc(slices.Values(all), func(a, b spans) int { return len(b) - len(a) }) {
		for _, s := range one {
			if !slices.Contains(rows, s.row()) {
				rows = append(rows, s.row())
			}
		}
	}
	return rows
}

// spanTable has a column for each recovery, and how much longer the last one took than the one before.
func spanTable(names []string, all []spans) table {
	last, before := all[len(all)-1], all[len(all)-2]
	t := table{append(append([]string{"step"}, names...), "difference of the last two")}
	for _, row := range rowsOf(all) {
		cells := []string{row}
		for _, one := range all {
			cell := "-"
			if took, found := one.in(row); found {
				cell = seconds(took)
			}
			cells = append(cells, cell)
		}
		a, _ := last.in(row)
		b, _ := before.in(row)
		t.add(append(cells, fmt.Sprintf("%+.2f", (a-b).Seconds()))...)
	}
	cells := []string{"total"}
	for _, one := range all {
		cells = append(cells, seconds(one.took()))
	}
	t.add(append(cells, fmt.Sprintf("%+.2f", (last.took()-before.took()).Seconds()))...)
	return t
}
