//go:build linux

// Command bench measures recoveries on the lab and prints tables. It compares with a baseline, or with scripts, which
// are measured in the same run: times by themselves say more about the machine than about the provider. It asserts
// nothing on them.
package main

import (
	"context"
	"flag"
	"os"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/cmd/internal/command"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/machine"
)

func main() {
	machine.Begin()
	o := options{}
	flag.StringVar(&o.etcd, "etcd", "3.7", "minor version of etcd: 3.5, 3.6 or 3.7")
	flag.IntVar(&o.rounds, "rounds", 3, "how often to measure against the baseline, or against the scripts")
	flag.BoolVar(&o.short, "short", false, "one round, and only what takes less than two minutes")
	flag.BoolVar(&o.reading, "reading", false, "measure only what it costs to read a member that does not run")
	flag.BoolVar(&o.hashing, "hashing", false, "measure only how long a member takes no writes while it is hashed")
	debian := flag.Bool("masters", false,
		"measure on Debian nodes with real kubelets against scripts; needs root on Debian")
	keep := flag.Bool("keep", false, "keep the folder with the configurations")
	flag.Parse()
	if o.short {
		o.rounds = 1
	}
	if *debian {
		os.Exit(machine.Main(onDebian(o, *keep)))
	}
	os.Exit(command.Main("bench", *keep, func(ctx context.Context, dir string) error {
		return (&benchmark{options: o, dir: dir}).run(ctx)
	}))
}
