//go:build linux

package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/build"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/machine"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
)

// Forced is what an etcd has after --force-new-cluster.
type Forced struct {
	Keys, Revision int64
	Discarded      uint64 // log entries, as etcd's own log says
	Log            string
}

// ErrEtcdEnded is an etcd that does not start with its data.
var ErrEtcdEnded = errors.New("etcd ended")

var discardedEntries = regexp.MustCompile(`"number-of-discarded-entries":(\d+)`)

// ForceNewCluster starts an etcd of a minor version alone on a data folder, with --force-new-cluster, counts its keys
// and ends it. It is what a forced start does in fact, to be held against what was foretold; give it a copy of the
// data.
func ForceNewCluster(ctx context.Context, minor, dataDir string) (*Forced, error) {
	server, err := serverOf(ctx, minor)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	at, err := claimAddresses(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = at.release() }()
	client := fmt.Sprintf("http://%s:%d", at.host(1), clientPort)
	peer := fmt.Sprintf("http://%s:%d", at.host(1), peerPort)
	var log bytes.Buffer
	cmd := exec.CommandContext(
		ctx,
		server.Path,
		"--name=forced",
		"--data-dir="+dataDir,
		"--force-new-cluster",
		"--initial-cluster-state=existing",
		"--logger=zap",
		"--heartbeat-interval=10",
		"--election-timeout=100",
		"--listen-client-urls="+client,
		"--advertise-client-urls="+client,
		"--listen-peer-urls="+peer,
		"--initial-advertise-peer-urls="+peer,
		"--initial-cluster=forced="+peer,
	)
	cmd.Stdout, cmd.Stderr = &log, &log
	s := proc.NewSpawner()
	defer s.Close()
	if err := s.Start(cmd); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	f, err := countForced(ctx, client, ended)
	_ = cmd.Process.Kill()
	<-ended // the log is complete
	if err != nil {
		return nil, fmt.Errorf("forcing a new cluster on %s: %w:\n%s", dataDir, err, log.String())
	}
	f.Log = log.String()
	if found := discardedEntries.FindStringSubmatch(f.Log); found != nil {
		f.Discarded, err = strconv.ParseUint(found[1], 10, 64)
	}
	return f, err
}

// serverOf is a server program. Version 3.4 is Debian's, which this machine has to be for it.
func serverOf(ctx context.Context, minor string) (build.Server, error) {
	if minor != "3.4" {
		return build.EtcdServer(ctx, minor)
	}
	cache, err := build.CacheDir()
	if err != nil {
		return build.Server{}, err
	}
	base, err := machine.Base(ctx, cache, packages(), io.Discard)
	if err != nil {
		return build.Server{}, err
	}
	return build.DebianEtcd(ctx, base)
}

// countForced waits until the etcd serves.
func countForced(ctx context.Context, url string, ended <-chan struct{}) (*Forced, error) {
	c, err := clientv3.New(
		clientv3.Config{Endpoints: []string{url}, Context: ctx, Logger: zap.NewNop(), DialOptions: reconnectFast()},
	)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	f := &Forced{}
	return f, wait.Until(ctx, pause, func() error {
		try, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		r, err := c.Get(try, everyKey, clientv3.WithFromKey(), clientv3.WithCountOnly())
		if err == nil {
			f.Keys, f.Revision = r.Count, r.Header.Revision
			return nil
		}
		select {
		case <-ended:
			return wait.Final(ErrEtcdEnded)
		default:
			return err
		}
	})
}
