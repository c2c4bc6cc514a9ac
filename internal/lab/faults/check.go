//go:build linux

package faults

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/forceflag"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/history"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/steps"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
)

// check looks at all that must hold in the end. Its error has everything that does not.
func (a *attempt) check(ctx context.Context) error {
	var errs []error
	add := func(err error) { errs = append(errs, err) }
	if a.Fault.inject != nil && !a.result.Struck {
		add(errors.New("the fault did not strike: its step was not reached"))
	}
	if len(a.later) > 0 {
		add(fmt.Errorf("no turn had come for %s", a.later))
	}
	if a.result.EndedAfter > endLimit {
		add(fmt.Errorf("the apply ended %.1f s after Ctrl-C", a.result.EndedAfter.Seconds()))
	}
	healthy, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	add(a.lab.WaitHealthy(healthy))
	add(a.planned(ctx))
	add(a.histories(ctx))
	for _, m := range a.lab.Nodes() {
		add(a.filled(ctx, m.Name()))
		add(noForce(m))
		add(clean(m))
	}
	add(a.kept())
	return errors.Join(errs...)
}

// planned wants a plan with nothing left to do.
func (a *attempt) planned(ctx context.Context) error {
	r, err := a.work.Run(ctx, nil, "plan", "-detailed-exitcode", "-no-color")
	if err == nil && r.ExitCode != 0 {
		err = fmt.Errorf("the plan after the recovery ended with %d:\n%s", r.ExitCode, r.Text)
	}
	return err
}

// histories holds what clients saw against what a single register would have shown them, and every write that any
// member ever acknowledged against the cluster there is now.
func (a *attempt) histories(ctx context.Context) error {
	a.watcher.Stop()
	watched := a.watcher.Check(ctx, a.lab)
	a.mu.Lock()
	recorder := a.recorder
	a.mu.Unlock()
	if recorder == nil {
		return errors.Join(watched, errors.New("no client has written anything: no member has joined"))
	}
	report := recorder.Stop()
	a.result.Writes = report.Acked
	if err := report.Final(ctx, a.lab); err != nil {
		return errors.Join(watched, err)
	}
	return errors.Join(watched, history.Check(report))
}

// filled wants every key from before the loss on a master.
func (a *attempt) filled(ctx context.Context, master string) error {
	c, err := a.lab.Client(ctx, master)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := c.Get(ctx, "fill/", clientv3.WithPrefix(), clientv3.WithCountOnly(), clientv3.WithSerializable())
	if err != nil {
		return fmt.Errorf("counting the keys of %s: %w", master, err)
	}
	if r.Count != keys {
		return fmt.Errorf("%s has %d of %d keys from before", master, r.Count, keys)
	}
	return nil
}

// noForce wants the force flag nowhere on a master.
func noForce(m lab.Node) error {
	forced, err := forceflag.On(m)
	if err == nil && forced {
		err = fmt.Errorf("the force flag is left on %s", m.Name())
	}
	return err
}

// clean wants nothing left but one journal that is finished.
func clean(m lab.Identity) error {
	if err := tidy(m); err != nil {
		return err
	}
	all, _ := filepath.Glob(m.Path(node.DefaultWorkDir + "/*.journal"))
	finished, err := steps.Journals(m)
	if err == nil && (len(all) != 1 || len(finished) != 1) {
		err = fmt.Errorf("%s has %d journals, of which %d are finished; want one", m.Name(), len(all), len(finished))
	}
	return err
}

// kept wants the one copy of the seed's data, as it was when etcd had stopped.
func (a *attempt) kept() error {
	places, err := filepath.Glob(a.lab.Node(survivor).Path("/var/lib/etcd.etcdrecovery/*"))
	if err != nil {
		return err
	}
	if len(places) != 1 {
		return fmt.Errorf("the data from before is kept in %v, want one place", places)
	}
	if got := digest(filepath.Join(places[0], "member")); a.digest == "" || got != a.digest {
		return fmt.Errorf(
			"what is kept in %s is not what was there when etcd had stopped: %.12s, want %.12s",
			places[0],
			got,
			a.digest,
		)
	}
	return nil
}

// digest is a hash over the names and contents of all files in a folder; "" when it cannot be read.
func digest(dir string) string {
	sum := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		_, _ = fmt.Fprintf(sum, "\n%s\n", strings.TrimPrefix(path, dir))
		_, err = io.Copy(sum, f)
		return err
	})
	if err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}
