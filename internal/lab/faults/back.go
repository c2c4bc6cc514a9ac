//go:build linux

package faults

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/node"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// A survivor that is out of reach for long lets the masters whose disks were wiped found their places anew, under their
// old IDs, and be a quorum, as they are on any machine that nobody recovers in time. It can come to that as long as
// they run. Then there is a cluster, whose members may differ, and a recovery must keep its hands off: this is what
// such a case is held against.
func (a *attempt) foundedAnew(refused []recovery.Code) bool {
	running := slices.Contains(
		[]recovery.StepID{recovery.StepLock, recovery.StepCheck, recovery.StepStopOthers},
		a.Step,
	)
	return a.Operation == recovery.OperationSeed && running && slices.ContainsFunc(refused, refusesLiving)
}

func refusesLiving(c recovery.Code) bool {
	return c == recovery.CodeClusterAlive || c == recovery.CodeMembersDiffer || c == recovery.CodeClusterBehind
}

// untouched wants masters on which nothing was stopped, forced or left behind.
func (a *attempt) untouched() error {
	a.watcher.Stop()
	var errs []error
	for _, m := range a.lab.Nodes() {
		errs = append(errs, noForce(m), tidy(m))
		if journals, _ := filepath.Glob(m.Path(node.DefaultWorkDir + "/*.journal")); len(journals) > 0 {
			errs = append(errs, fmt.Errorf("%s has %v", m.Name(), journals))
		}
		if manifests, _ := filepath.Glob(m.Path("/etc/kubernetes/manifests/etcd.yaml")); len(manifests) != 1 {
			errs = append(errs, fmt.Errorf("%s has no manifest any more", m.Name()))
		}
	}
	return errors.Join(errs...)
}

// tidy wants no lock, no parked manifest and no unfinished file.
func tidy(m lab.Identity) error {
	var left []string
	for _, pattern := range []string{
		"/var/lib/etcdrecovery/lock*",
		"/var/lib/etcdrecovery/parked/*",
		"/var/lib/etcdrecovery/parked/.*",
		"/var/lib/etcdrecovery/.*",
		"/etc/kubernetes/manifests/.*",
		"/var/lib/etcd.etcdrecovery/*.*",
	} {
		found, err := filepath.Glob(m.Path(pattern))
		if err != nil {
			return err
		}
		left = append(left, found...)
	}
	if len(left) > 0 {
		return fmt.Errorf("left on %s: %v", m.Name(), left)
	}
	return nil
}
