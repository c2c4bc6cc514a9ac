//go:build linux

// Command drill keeps Debian nodes running for a person to practise on: real kubelets, real SSH, and a Terraform
// folder to recover them with. It needs root on Debian.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/build"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/machine"
)

func main() {
	machine.Begin()
	d := &drill{}
	flag.StringVar(
		&d.dir,
		"dir",
		"",
		"folder for the nodes' disks and everything else, instead of one in the user's cache folder",
	)
	flag.StringVar(&d.etcd, "etcd", "3.7", "minor version of etcd: 3.4, 3.5, 3.6 or 3.7")
	flag.BoolVar(&d.docker, "docker", false, "kubelet 1.23 with Docker, instead of a current one with containerd")
	flag.Parse()
	if d.dir == "" {
		cache, err := build.CacheDir()
		if err != nil {
			fail(err)
		}
		d.dir = filepath.Join(cache, "drill")
	}
	if flag.Arg(0) == "keep" {
		os.Exit(machine.Main(machine.Program{Prepare: d.prepare, Run: d.keep}))
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := d.call(ctx, flag.Args()); err != nil {
		fail(err)
	}
}

func fail(err error) {
	_, _ = fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// drill is one fire drill. There is one at a time in a folder.
type drill struct {
	dir    string
	etcd   string
	docker bool
}

var errUsage = errors.New("usage: drill [-dir FOLDER] [-etcd MINOR] [-docker] start | break [NODE…] | clean")

func (d *drill) call(ctx context.Context, args []string) error {
	verb := ""
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	switch verb {
	case "start":
		return d.start(ctx)
	case "break":
		return breakNodes(ctx, d.dir, args)
	case "clean":
		return clean(ctx, d.dir)
	default:
		return errUsage
	}
}
