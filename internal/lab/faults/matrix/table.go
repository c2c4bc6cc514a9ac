//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
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
	refused                   int           // cases in which wiped masters had founded their places anew
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
		s.injections++
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
		s.cells[cell(r.Case)]++
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
			"%d wiped masters had founded their places anew while the survivor was out of reach, and the apply "+
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

// write puts the table into the documentation and the totals into the README. Only a run in which all cases passed gets
// here.
func (s summary) write(ctx context.Context, o options, etcd string) error {
	root, err := terraform.Repository(ctx)
	if err != nil {
		return err
	}
	var b strings.Builder
	_, _ = fmt.Fprintf(
		&b,
		head,
		s.injections,
		len(faults.Cases()),
		s.pairs,
		etcd,
		o.seed,
		s.again,
		s.most,
		s.refused,
		s.writes,
		s.ended.Seconds(),
	)
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

const head = `---
page_title: "Interrupted in every way at every step"
description: |-
  What was injected into a recovery, where, and how often it was finished afterwards.
---

# Interrupted in every way at every step

` + "`make faults ARGS='-record FILE -doc'`" + ` wrote this page. It interrupted %d recoveries (of %d that differ),
each in a lab of its own with real etcd servers and the real SSH protocol, and started %d more twice at once. All of
them passed. etcd %s, seed %d.

Each number counts injections that passed: one before the step's action, one in the middle of it, one after it and
before the journal knows of it. Where it is less than 3, the others were not run; all that were run are counted above.
The master that is struck is one that the step is about, drawn at random.

After each injection ` + "`terraform apply`" + ` is run until it succeeds. In %d cases the apply that was struck
failed, and a later one finished; the most that any case needed was %d applies. In %d the survivor was out of reach
for so long, before anything was stopped, that the wiped masters founded their places anew and were a quorum; there
the apply has to refuse, and to have changed nothing. Everywhere else this has to hold then:

- the three members are healthy voters of one cluster, and the next plan says "No changes";
- every key from before the loss is on every member;
- clients that worked while the members joined saw a linearizable history (%d acknowledged writes were checked, with
  porcupine);
- every write that any member acknowledged at any time after the loss is in the one cluster there is in the end, at
  the revision at which it was acknowledged. A second cluster would have acknowledged writes that are not;
- no manifest and no process has the force flag;
- one copy of the seed's data is kept, byte for byte as it was when its etcd had stopped;
- no lock, no parked manifest and no unfinished file is left, and every journal is finished.

After Ctrl-C an apply must end within 30 s; the longest took %.1f s. Of two applies at once, no step of one was ever
heard of after the other one had taken the locks.
`
