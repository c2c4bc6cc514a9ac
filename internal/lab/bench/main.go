//go:build linux

// Command bench measures recoveries on the lab and prints tables. It compares with a floor that is measured in the same run, because
// times by themselves say more about the machine than about the provider; and it asserts nothing on them.
package main

import (
	"context"
	"flag"
	"os"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/command"
)

func main() {
	o := options{}
	flag.StringVar(&o.etcd, "etcd", "3.7", "minor version of etcd: 3.5, 3.6 or 3.7")
	flag.IntVar(&o.rounds, "rounds", 3, "how often to measure against the floor")
	flag.BoolVar(&o.short, "short", false, "one round, and only what takes less than two minutes")
	keep := flag.Bool("keep", false, "keep the folder with the configurations")
	flag.Parse()
	if o.short {
		o.rounds = 1
	}
	os.Exit(command.Main("bench", *keep, func(ctx context.Context, dir string) error {
		return (&bench{options: o, dir: dir}).run(ctx)
	}))
}
