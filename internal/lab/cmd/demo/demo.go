//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
)

const (
	keys      = 1000
	valueSize = 100 // bytes

	survivor = "m1"
)

// demo is one showing.
type demo struct {
	dir  string
	etcd string
	keep bool

	tools *terraform.Tools
	lab   *lab.Lab
	work  *terraform.Workspace

	before data
	apply  terraform.Result
	part   int
}

// run shows the parts in order. The lab ends with it, whatever happens.
func (d *demo) run(ctx context.Context) (err error) {
	// The first build included.
	ctx, cancel := context.WithTimeoutCause(ctx, 20*time.Minute, errors.New("the demo takes too long"))
	defer cancel()
	defer func() {
		if d.lab != nil {
			err = errors.Join(err, d.lab.Close())
		}
	}()
	began := time.Now()
	for _, part := range []func(context.Context) error{
		d.prepare,
		d.start,
		d.loseMajority,
		d.plan,
		d.recover,
		d.planAgain,
		d.check,
	} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	say("\nRecovered. The whole demo took %.0f s.", time.Since(began).Seconds())
	if !d.keep {
		say("Everything is stopped and removed; with -keep the folder stays for a look around.")
	}
	return nil
}

func say(format string, args ...any) { _, _ = fmt.Printf(format+"\n", args...) }

// next announces a part.
func (d *demo) next(format string, args ...any) {
	d.part++
	say("\n%d. "+format, append([]any{d.part}, args...)...)
}

func (d *demo) prepare(ctx context.Context) error {
	say("Etcd after two nodes of three have lost their data: lost here, and recovered with Terraform.")
	say("Real etcd servers and the real SSH protocol, on this machine's loopback only, in a temporary folder.")
	d.next("The provider is built from this tree.")
	var err error
	d.tools, err = terraform.Prepare(ctx, d.dir, func(text string) { say("   %s", text) })
	if err != nil {
		return err
	}
	say("   It is used by %s through dev_overrides: no init, no registry.", d.tools.CLI.Version)
	return nil
}

func (d *demo) start(ctx context.Context) error {
	d.next("Three nodes start, each with etcd %s as a static pod. (Etcd is built first, once: a minute.)", d.etcd)
	log, err := os.Create(filepath.Join(d.dir, "lab.log"))
	if err != nil {
		return fmt.Errorf("making the lab's log: %w", err)
	}
	if d.lab, err = lab.Start(
		ctx,
		lab.Options{Etcd: d.etcd, Dir: filepath.Join(d.dir, "nodes"), Log: log},
	); err != nil {
		return err
	}
	if err := d.lab.Fill(ctx, keys, valueSize); err != nil {
		return err
	}
	if d.before, err = read(ctx, d.lab, survivor, linearizable); err != nil {
		return err
	}
	for _, m := range d.lab.Nodes() {
		say("   %s  ssh %-20s etcd %s", m.Name(), lab.SSHAddress(m), m.ClientURL())
	}
	say("   The cluster is healthy: etcd %s, %d keys.", d.lab.Version(), len(d.before.keys))
	return nil
}
