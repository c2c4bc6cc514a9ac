//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// table is printed as Markdown that also lines up in a terminal.
type table [][]string

func (t *table) add(cells ...string) { *t = append(*t, cells) }

func (t table) print(title string) {
	say("\n## %s\n", title)
	widths := make([]int, len(t[0]))
	for _, row := range t {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for i, row := range t {
		say("%s", line(row, widths, " "))
		if i == 0 {
			say("%s", line(make([]string, len(row)), widths, "-"))
		}
	}
}

func line(row []string, widths []int, pad string) string {
	text := "|"
	for i, cell := range row {
		space := strings.Repeat(pad, widths[i]-utf8.RuneCountInString(cell))
		if i == 0 {
			text += pad + cell + space + pad + "|"
		} else {
			text += pad + space + cell + pad + "|" // numbers are flush right
		}
	}
	return text
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }

func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	all = slices.Sorted(slices.Values(all))
	n := len(all)
	return (all[(n-1)/2] + all[n/2]) / 2
}
