//go:build linux

package situation

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/planner"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery/survey"
)

const (
	realSample = 10  // in a gate
	realAll    = 300 // of -real without a number
	realAtOnce = 2

	realPatience = 2 * time.Minute // for what is to come about; no measure of anything
)

// realCount is a number that may be left out.
type realCount int

func (c *realCount) String() string   { return strconv.Itoa(int(*c)) }
func (c *realCount) IsBoolFlag() bool { return true }

func (c *realCount) Set(text string) error {
	if text == "true" {
		*c = realAll
		return nil
	}
	n, err := strconv.Atoi(text)
	*c = realCount(n)
	return err
}

var realWorlds = func() *realCount {
	c := realCount(realSample)
	flag.Var(&c, "real", "how many worlds are carried out on real etcd: -real for many, -real=60")
	return &c
}()

// TestReal carries worlds out on the lab, with real etcd, and holds what a survey sees there, and what is decided by
// it, against what the model says. With more than a sample of them it carries out those of testdata too.
func TestReal(t *testing.T) {
	all := practices(*seed, int(*realWorlds))
	if *realWorlds > realSample {
		all = append(all, written(t)...)
	}
	slots := make(chan struct{}, realAtOnce)
	for _, p := range all {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			carryOut(t, p)
		})
	}
}

// written are the worlds of testdata, as far as the lab can carry them out.
func written(t *testing.T) []practice {
	var all []practice
	for i, file := range scenarioFiles(t) {
		s, _ := readScenario(t, file)
		p, _, _ := newRunner().practicable(uint64(i), s.events)
		p.name = strings.TrimSuffix(filepath.Base(file), ".scenario")
		all = append(all, p)
	}
	return all
}

func carryOut(t *testing.T, p practice) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*realPatience)
	defer cancel()
	r := newRunner()
	w := newWorld(r.texts)
	w.happen(p.events[0], r.verbs)
	b, err := startPracticeLab(ctx, p, w)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	}()
	for _, e := range p.events[1:] {
		before := w.clone()
		w.happen(e, r.verbs)
		forgetJournals(w)
		if err := b.happen(ctx, before, w, e); err != nil {
			t.Fatalf("%s: %v\n%s\n%s", e, err, p, b.stand(ctx))
		}
	}
	model := w.look(r.texts)
	want := viewOf(model, w.nameAt)
	nodes, done := b.nodes(w)
	defer done()
	var seen recovery.Survey
	var differs string
	looking, cancel := context.WithTimeout(ctx, realPatience)
	defer cancel()
	err = wait.Until(looking, time.Second, func() error {
		seen = survey.Take(ctx, nodes, time.Now())
		for _, e := range seen {
			if silent := e.Unsaid(); len(silent) > 0 {
				return fmt.Errorf("the evidence on %s is silent of %v", e.Name, silent)
			}
		}
		findStray(seen, w)
		got := viewOf(seen, b.nameAt)
		if differs = ""; !slices.Equal(got, want) {
			differs = sideBySide(want, got)
		} else {
			differs = r.decidedOtherwise(model, seen)
		}
		if differs != "" {
			return errors.New("the lab differs from the model")
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v\n%s\n%s\nmodel %s\nlab %s", err, p, differs, evidenceText(model), evidenceText(seen))
	}
	t.Logf("as in the model:\n%s%s", p, strings.Join(want, "\n"))
}

// decidedOtherwise shows the requests to which the lab's survey has another answer than the model's, "" where none has.
func (r *runner) decidedOtherwise(model, lab recovery.Survey) string {
	var b strings.Builder
	for _, req := range requests(model) {
		want, got := decision(r.texts.planner().DecideSeed(model, req)), decision(planner.DecideSeed(lab, req))
		if want != got {
			fmt.Fprintf(&b, "node %q, lost %q:\n! model  %s\n! lab    %s\n", req.Node, req.Lost, want, got)
		}
	}
	return b.String()
}

// findStray says where data lies on a node without a manifest. That is looked for at a fixed place, and a node of the
// lab has no root folder of its own.
func findStray(s recovery.Survey, w *world) {
	for i := range s {
		if e := &s[i]; e.NoManifest {
			e.StrayData = ""
			if w.find(e.Name).disk != nil {
				e.StrayData = dataDir
			}
		}
	}
}

// forgetJournals takes away what the provider would have written: here people work by hand.
func forgetJournals(w *world) {
	for _, m := range w.machines {
		m.journals = nil
	}
}

// requests are what is decided: for no node and for each, and again with what is silent given up.
func requests(s recovery.Survey) []planner.SeedRequest {
	var silent []string
	for _, e := range s {
		if e.Reach == recovery.Silent {
			silent = append(silent, e.Name)
		}
	}
	var all []planner.SeedRequest
	for _, name := range append([]string{""}, recovery.Names(s)...) {
		all = append(all, planner.SeedRequest{Node: name, RecoveryID: "now"})
		if len(silent) > 0 && !slices.Contains(silent, name) {
			all = append(all, planner.SeedRequest{Node: name, RecoveryID: "now", Lost: silent})
		}
	}
	return all
}

// decision is what matters of a plan or a refusal.
func decision(p *planner.SeedPlan, err error) string {
	if err != nil {
		var codes []string
		for _, r := range recovery.Refusals(err) {
			codes = append(codes, string(r.Code))
		}
		return cmp.Or(strings.Join(codes, " "), err.Error())
	}
	text := fmt.Sprintf("plan: node %s, %s, lost %q, less %q", p.Node, p.Verdict.State, p.Lost, p.Less)
	if l := p.Loss; l != nil {
		text += fmt.Sprintf(", ahead %q, unjudged %q, apart %q, others %d", l.Ahead, l.Unjudged, l.Apart, len(l.Other))
	}
	return text
}
