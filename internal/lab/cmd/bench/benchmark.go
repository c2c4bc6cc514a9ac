//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/build"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
)

type options struct {
	etcd   string
	rounds int
	short  bool

	reading bool
	hashing bool
}

// limit is when to give up, whatever hangs.
func (o options) limit() time.Duration {
	if o.short {
		return 15 * time.Minute // building everything for the first time included
	}
	return 45 * time.Minute
}

// benchmark is one run.
type benchmark struct {
	options
	dir   string
	tools *terraform.Tools
}

func (b *benchmark) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, b.limit(), errors.New("the benchmark takes too long"))
	defer cancel()
	began := time.Now()
	var err error
	if b.tools, err = terraform.Prepare(ctx, b.dir, note); err != nil {
		return err
	}
	server, err := build.EtcdServer(ctx, b.etcd)
	if err != nil {
		return err
	}
	say(
		"Recoveries of etcd %s on the lab, %s, %d CPUs. Times in seconds.",
		server.Version,
		b.tools.CLI.Version,
		runtime.NumCPU(),
	)
	tables := []func(context.Context) error{b.ratios, b.traffic}
	if !b.short {
		tables = append(tables, b.byReading, b.byNodes, b.bySize, b.gaps)
	}
	if b.reading || b.hashing {
		tables = nil
	}
	if b.reading {
		tables = append(tables, b.byReading)
	}
	if b.hashing {
		tables = append(tables, b.byHashing)
	}
	for _, table := range tables {
		if err := table(ctx); err != nil {
			return err
		}
	}
	say("\nThis took %.0f s.", time.Since(began).Seconds())
	return nil
}

// say prints a result, note what goes on.
func say(format string, args ...any) { _, _ = fmt.Printf(format+"\n", args...) }

func note(text string) { _, _ = fmt.Fprintln(os.Stderr, text) }
