//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/wait"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/manifest"
)

// glance is between two looks at something that is waited for.
const glance = 5 * time.Millisecond

// baseline recovers three nodes with nothing but what etcd itself needs: no Terraform, no SSH, no checks, no copy of
// the data, no waiting beyond each event. Nobody should recover like this; no recovery by these steps can be faster.
type baseline struct {
	cluster
	text map[string][]byte // manifests as they were
}

func recoverBaseline(ctx context.Context, l *lab.Lab) (ms milestones, err error) {
	began := time.Now()
	f := &baseline{cluster: cluster{lab: l, every: glance}, text: map[string][]byte{}}
	defer f.close()
	if err := f.stopAll(ctx); err != nil {
		return ms, err
	}
	for _, milestone := range []struct {
		reach func(context.Context) error
		at    *time.Duration
	}{
		{f.force, &ms.forced},
		{f.unforce, &ms.unforced},
		{func(ctx context.Context) error { return f.join(ctx, "m2") }, &ms.second},
		{func(ctx context.Context) error { return f.join(ctx, "m3") }, &ms.third},
		{f.complete, &ms.done},
	} {
		if err := milestone.reach(ctx); err != nil {
			return ms, fmt.Errorf("measuring the baseline: %w", err)
		}
		*milestone.at = time.Since(began)
	}
	return ms, nil
}

// stopAll takes all manifests away, and what the failed starts have left on the wiped nodes.
func (f *baseline) stopAll(ctx context.Context) error {
	for _, m := range f.lab.Nodes() {
		text, err := os.ReadFile(manifestOf(m))
		if err != nil {
			return fmt.Errorf("reading a manifest: %w", err)
		}
		f.text[m.Name()] = text
		if err := os.Remove(manifestOf(m)); err != nil {
			return fmt.Errorf("stopping etcd: %w", err)
		}
	}
	for _, m := range f.lab.Nodes() {
		if err := gone(ctx, m); err != nil {
			return err
		}
	}
	for _, m := range f.lab.Nodes()[1:] {
		if err := m.WipeEtcd(); err != nil {
			return err
		}
	}
	return nil
}

func manifestOf(m lab.Identity) string { return m.Path("/etc/kubernetes/manifests/etcd.yaml") }

func gone(ctx context.Context, m lab.Node) error {
	return await(ctx, func() error {
		if len(m.EtcdPIDs()) > 0 {
			return errors.New("etcd still runs on " + m.Name())
		}
		return nil
	})
}

// put starts etcd: written beside the manifest and renamed, for a kubelet must not read half of it.
func put(m lab.Identity, text []byte) error {
	hidden := m.Path("/etc/kubernetes/manifests/.etcd.yaml")
	if err := os.WriteFile(hidden, text, 0o600); err != nil {
		return fmt.Errorf("starting etcd: %w", err)
	}
	return os.Rename(hidden, manifestOf(m))
}

func (f *baseline) force(ctx context.Context) error {
	m := f.lab.Node("m1")
	text, err := manifest.Force(f.text["m1"])
	if err != nil {
		return err
	}
	if err := put(m, text); err != nil {
		return err
	}
	return f.alone(ctx)
}

func (f *baseline) unforce(ctx context.Context) error {
	m := f.lab.Node("m1")
	if err := os.Remove(manifestOf(m)); err != nil {
		return fmt.Errorf("stopping the forced etcd: %w", err)
	}
	if err := gone(ctx, m); err != nil {
		return err
	}
	if err := put(m, f.text["m1"]); err != nil {
		return err
	}
	return f.alone(ctx)
}

func (f *baseline) join(ctx context.Context, name string) error {
	m := f.lab.Node(name)
	id, initial, err := f.add(ctx, m, true)
	if err != nil {
		return err
	}
	text, err := manifest.Join(f.text[name], initial)
	if err != nil {
		return err
	}
	if err := put(m, text); err != nil {
		return err
	}
	if err := f.listening(ctx, m); err != nil {
		return err
	}
	if err := f.caughtUp(ctx, m); err != nil {
		return err
	}
	return f.promote(ctx, id)
}

// await looks until there is no objection any more.
func await(ctx context.Context, look func() error) error { return wait.Until(ctx, glance, look) }
