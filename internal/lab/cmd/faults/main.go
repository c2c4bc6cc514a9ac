//go:build linux

// Command faults interrupts a recovery in every way at every step, each time in a lab of its own, applies until it is
// done, and looks whether everything is as it must be. It ends with 0 only when every case passed. With -doc it writes
// the table of what it saw.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/cmd/internal/command"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
)

type options struct {
	etcd     string
	n        int
	seed     uint64
	parallel int
	only     string
	list     bool
	verbose  bool
	doc      bool
	pairs    int
	series   int
	within   time.Duration
	record   string
}

func main() {
	var o options
	flag.StringVar(&o.etcd, "etcd", "3.7", "minor version of etcd: 3.5, 3.6 or 3.7")
	flag.IntVar(&o.n, "n", 0, "how many cases to draw; 0 for all")
	flag.Uint64Var(&o.seed, "seed", 1, "decides which cases are drawn, which nodes are struck, and when")
	flag.IntVar(&o.parallel, "parallel", 3, "how many labs at a time")
	flag.StringVar(&o.only, "only", "", "only cases whose name has this in it, such as \"seed force\" or \"disk full\"")
	flag.BoolVar(&o.list, "list", false, "only list the cases")
	flag.BoolVar(&o.verbose, "v", false, "show what happened in each case, not only in those that fail")
	flag.BoolVar(&o.doc, "doc", false, "write the table of what has passed into the documentation; not with -only")
	flag.IntVar(&o.series, "series", 1, "how many cases strike one recovery in turn; not with -doc or -record")
	flag.IntVar(&o.pairs, "pairs", 20, "how often to start two applies at once")
	flag.DurationVar(&o.within, "within", 0, "begin no case after this time; 0 for all of them, however long it takes")
	flag.StringVar(&o.record, "record", "", "a file in which to keep what passes, and of which no case is run again")
	keep := flag.Bool("keep", false, "keep the folder")
	flag.Parse()
	os.Exit(command.Main("faults", *keep, func(ctx context.Context, dir string) error { return run(ctx, o, dir) }))
}

func run(ctx context.Context, o options, dir string) error {
	cases := chosen(o)
	if o.list {
		for _, c := range cases {
			fmt.Println(c)
		}
		return nil
	}
	if o.doc && o.only != "" {
		return errors.New("-doc is not for a choice of cases: leave -only out")
	}
	if o.series < 1 || o.series > 1 && (o.doc || o.record != "") {
		return errors.New("-series is from 1, and of more than one case not for -doc or -record")
	}
	kept, err := openRecord(o.record)
	if err != nil {
		return err
	}
	tools, err := terraform.PrepareWith(
		ctx,
		dir,
		"./internal/lab/cmd/provider",
		func(text string) { fmt.Println(text) },
	)
	if err != nil {
		return err
	}
	r := &faults.Runner{Tools: tools, Dir: dir, Lab: lab.Options{Etcd: o.etcd}, Seed: o.seed}
	// How long the steps take here, without a fault, so that one can strike in the middle of them.
	clean := r.Run(ctx, faults.Case{})
	show(o, clean)
	if clean.Err != nil {
		return errors.New("a recovery without a fault failed")
	}
	r.Took = clean.Durations

	pairs := make([]faults.Result, o.pairs)
	results := make([]faults.Result, len(cases))
	running := errgroup.Group{}
	running.SetLimit(o.parallel)
	began, late := time.Now(), atomic.Int64{}
	each := func(to *faults.Result, c faults.Case, run func() faults.Result) {
		running.Go(func() (err error) {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if have, ok := kept.result(c); ok {
				*to = have
				return nil
			}
			if o.within > 0 && time.Since(began) > o.within {
				late.Add(1)
				return nil
			}
			*to = run()
			show(o, *to)
			return kept.keep(*to)
		})
	}
	for i := range pairs {
		each(&pairs[i], faults.PairCase(i+1), func() faults.Result { return r.Pair(ctx, i+1) })
	}
	for i, s := range faults.InSeries(cases, o.series) {
		each(&results[i], s[0], func() faults.Result { return r.RunSeries(ctx, s) })
	}
	if err := running.Wait(); err != nil {
		return err
	}
	s := sum(results, pairs)
	fmt.Println(s)
	if n := late.Load(); n > 0 {
		fmt.Printf("Left out: %d cases that had not begun after %s.\n", n, o.within)
	}
	if s.failed > 0 {
		return fmt.Errorf("%d cases failed", s.failed)
	}
	if o.doc {
		return s.write(ctx, o, clean.Version)
	}
	return nil
}

func chosen(o options) []faults.Case {
	var cases []faults.Case
	left := 0
	for _, c := range faults.Cases() {
		switch {
		case !strings.Contains(c.String(), o.only):
		case c.NeedsRoot() && os.Geteuid() != 0:
			left++
		default:
			cases = append(cases, c)
		}
	}
	if left > 0 {
		fmt.Printf("Left out: %d cases of a full disk, which need root.\n", left)
	}
	if o.list && o.n == 0 {
		return cases
	}
	return faults.Sample(cases, cmp.Or(o.n, len(cases)), o.seed)
}

func show(o options, r faults.Result) {
	state := "ok  "
	if r.Err != nil {
		state = "FAIL"
	}
	line := fmt.Sprintf("%s %5.1f s  %d applies  %4d writes  %s", state, r.Took.Seconds(), r.Applies, r.Writes, r.All())
	if r.Node != "" {
		line += ", on " + r.Node
	}
	if r.EndedAfter > 0 {
		line += fmt.Sprintf(", ended after %.1f s", r.EndedAfter.Seconds())
	}
	if r.Err != nil || o.verbose {
		line += "\n" + r.Log
	}
	if r.Err != nil {
		line += fmt.Sprintf("%v\n", r.Err)
	}
	fmt.Println(line)
}
