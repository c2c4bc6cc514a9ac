//go:build linux

// Command demo loses two nodes of three and recovers them, before your eyes: real etcd servers, the real SSH
// protocol, the real Terraform or OpenTofu, all on this machine's loopback. It ends with 0 only when every key is back
// on every member.
package main

import (
	"context"
	"flag"
	"os"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/cmd/internal/command"
)

func main() {
	etcd := flag.String("etcd", "3.7", "minor version of etcd: 3.5, 3.6 or 3.7")
	keep := flag.Bool("keep", false, "keep the folder with the nodes' disks, the configuration and all output")
	flag.Parse()
	os.Exit(command.Main("demo", *keep, func(ctx context.Context, dir string) error {
		return (&demo{dir: dir, etcd: *etcd, keep: *keep}).run(ctx)
	}))
}
