//go:build linux

package main

import (
	"context"
	_ "embed" // page.md.tmpl
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/steps"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
)

// summary is what all cases came to.
type summary struct {
	injections, pairs, failed int
	again                     int           // cases in which an apply failed, and another one finished
	most                      int           // applies that a case took
	refused                   int           // cases in which wiped nodes had founded their places anew
	writes                    int           // acknowledged, and held against what was there in the end
	ended                     time.Duration // the longest time from Ctrl-C to the end of an apply
	cells                     map[string]int
}

func sum(results, pairs []faults.Result) summary {
	s := summary{cells: map[string]int{}}
	for _, r := range results {
		if r.Took == 0 {
			continue // was not begun
		}
		s.injections += len(r.All())
		s.writes += r.Writes
		s.most, s.ended = max(s.most, r.Applies), max(s.ended, r.EndedAfter)
		switch {
		case r.Refused:
			s.refused++
		case r.FirstExit != 0:
			s.again++
		}
		if r.Err != nil {
			s.failed++
			continue
		}
		for _, c := range r.All() {
			s.cells[cell(c)]++
		}
	}
	for _, p := range pairs {
		if p.Took == 0 {
			continue
		}
		s.pairs++
		s.writes += p.Writes
		if p.Err != nil {
			s.failed++
		}
	}
	return s
}

func cell(c faults.Case) string { return fmt.Sprintf("%s %s %s", c.Operation, c.Step, c.Fault.Name) }

func (s summary) String() string {
	return fmt.Sprintf(
		"%d injections and %d pairs of applies: %d failed. In %d the apply that was struck failed, and a later one "+
			"finished; %d applies were needed at most. "+
			"%d acknowledged writes were checked. The longest time from Ctrl-C to the end of an apply was %.1f s. In "+
			"%d wiped nodes had founded their places anew while the survivor was out of reach, and the apply "+
			"refused.",
		s.injections,
		s.pairs,
		s.failed,
		s.again,
		s.most,
		s.writes,
		s.ended.Seconds(),
		s.refused,
	)
}

// page is where the table goes: the documentation is made from templates.
const page = "templates/guides/fault-matrix.md"

// head is what the page says above the tables.
//
//go:embed page.md.tmpl
var head string

// write puts the table into the documentation and the totals into the README. Only a run in which all cases passed gets
// here.
func (s summary) write(ctx context.Context, o options, etcd string) error {
	root, err := terraform.Repository(ctx)
	if err != nil {
		return err
	}
	var b strings.Builder
	err = template.Must(template.New("page").Parse(head)).Execute(&b, map[string]any{
		"Injections": s.injections,
		"Differing":  len(faults.Cases()),
		"Pairs":      s.pairs,
		"Etcd":       etcd,
		"Seed":       o.seed,
		"Again":      s.again,
		"Most":       s.most,
		"Refused":    s.refused,
		"Writes":     s.writes,
		"Ended":      s.ended.Seconds(),
	})
	if err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	columns := faults.Faults()
	for _, operation := range faults.Operations() {
		_, _ = fmt.Fprintf(&b, "\n## Steps of the %s\n\n| Step |", operation)
		for _, f := range columns {
			b.WriteString(" " + f.Name + " |")
		}
		b.WriteString("\n|---|" + strings.Repeat("---|", len(columns)) + "\n")
		for i, step := range faults.Steps(operation) {
			_, _ = fmt.Fprintf(&b, "| %d. %s |", i+1, steps.Name(step))
			for _, f := range columns {
				_, _ = fmt.Fprintf(&b, " %d |", s.cells[cell(faults.Case{Operation: operation, Step: step, Fault: f})])
			}
			b.WriteString("\n")
		}
	}
	if err := os.WriteFile(filepath.Join(root, page), []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return s.total(filepath.Join(root, "README.md"))
}

// total writes the totals between two marks.
func (s summary) total(readme string) error {
	text, err := os.ReadFile(readme)
	if err != nil {
		return fmt.Errorf("writing the totals: %w", err)
	}
	between := regexp.MustCompile(`(?s)(<!-- faults -->).*?(<!-- /faults -->)`)
	if !between.Match(text) {
		return fmt.Errorf("%s has no place for the totals", readme)
	}
	line := fmt.Sprintf(
		"${1}%d injections (of %d that differ) and %d pairs of applies at once, all passed${2}",
		s.injections,
		len(faults.Cases()),
		s.pairs,
	)
	return os.WriteFile(readme, between.ReplaceAll(text, []byte(line)), 0o644)
}
