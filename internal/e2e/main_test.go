//go:build linux && e2e

// Package e2e_test runs whole recoveries on Debian machines with real kubelets. It needs root on Debian; `make e2e`
// runs it.
package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/machine"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/terraform"
)

func TestMain(m *testing.M) {
	os.Exit(machine.Main(machine.Program{Prepare: prepare, Run: func([]*os.File) int {
		dir, err := os.MkdirTemp("", "etcdrecovery-e2e-")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		tools = sync.OnceValues(func() (*terraform.Tools, error) {
			return terraform.Prepare(context.Background(), dir, func(text string) { fmt.Println(text) })
		})
		return m.Run()
	}}))
}

// tools are the CLI and the provider as a program, built once for all tests.
var tools func() (*terraform.Tools, error)

// prepare builds and downloads what the tests need; within the host namespace nothing can be downloaded.
func prepare(ctx context.Context) ([]*os.File, error) {
	worlds := []lab.Options{{Docker: true, Etcd: "3.5"}}
	for _, minor := range []string{"3.7", "3.6", "3.5", "3.4"} {
		worlds = append(worlds, lab.Options{Etcd: minor})
	}
	for _, o := range worlds {
		if err := lab.PrepareDebian(ctx, o, os.Stderr); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "etcdrecovery-e2e-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for _, provider := range []string{".", watched} {
		if _, err := terraform.PrepareWith(
			ctx,
			dir,
			provider,
			func(text string) { _, _ = os.Stderr.WriteString(text + "\n") },
		); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

const (
	keys     = 200
	manifest = "/etc/kubernetes/manifests/etcd.yaml"
	startup  = 4 * time.Minute // of a lab, side by side with others
)

// start makes masters with some keys in their etcd, and returns their number.
func start(t *testing.T, o lab.Options) (*lab.Lab, int64) {
	t.Helper()
	t.Parallel() // much of a recovery is waiting
	o.Grade = lab.Debian
	var log bytes.Buffer
	o.Log = &log
	ctx, cancel := context.WithTimeout(t.Context(), startup)
	defer cancel()
	l, err := lab.Start(ctx, o)
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	t.Cleanup(func() {
		if t.Failed() {
			explain(t, l)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	must(t, l.Fill(ctx, keys, 100))
	count, _, err := l.CountKeys(ctx, "m1")
	must(t, err)
	return l, count
}

// lookAround is what a person would run.
const lookAround = `journalctl -u kubelet --no-pager -o cat | grep -i etcd | tail -n 15
ls -la /etc/kubernetes/manifests /var/lib/etcd* /var/lib/etcdrecovery
ps ax | grep '[e]tcd '`

// explain shows what a person would look at first.
func explain(t *testing.T, l *lab.Lab) {
	for _, m := range l.Nodes() {
		out, err := l.Debian(m.Name()).Run(context.Background(), "sh", "-c", lookAround)
		t.Logf("%s: %v\n%s\n%s", m.Name(), err, out, tail(m.ContainerLog(), 8))
	}
}

func tail(text string, n int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-n):], "\n")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lose wipes masters as a new disk would and brings them back.
func lose(t *testing.T, masters ...lab.Node) {
	t.Helper()
	for _, m := range masters {
		m.PowerOff()
	}
	for _, m := range masters {
		must(t, m.WipeEtcd())
		must(t, m.PowerOn())
	}
}

// workspace is a copy of examples/recover-three-masters for the lab.
func workspace(t *testing.T, l *lab.Lab) *terraform.Workspace {
	t.Helper()
	with, err := tools()
	must(t, err)
	w, err := with.Example(filepath.Join(t.TempDir(), "configuration"), l)
	must(t, err)
	return w
}

// run calls the CLI and wants this exit code.
func run(t *testing.T, w *terraform.Workspace, code int, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	r, err := w.Run(ctx, nil, append(args, "-no-color")...)
	must(t, err)
	if r.ExitCode != code {
		t.Fatalf("terraform %s ended with exit code %d, want %d:\n%s", args[0], r.ExitCode, code, r.Text)
	}
	t.Logf("terraform %s: %.1f s", args[0], r.Took.Seconds())
	return r.Text
}

// apply plans, applies and plans again, which must find nothing left to do.
func apply(t *testing.T, w *terraform.Workspace) {
	t.Helper()
	run(t, w, 2, "plan", "-detailed-exitcode", "-out=recovery.tfplan")
	run(t, w, 0, "apply", "recovery.tfplan")
	settled(t, w)
}

func settled(t *testing.T, w *terraform.Workspace) {
	t.Helper()
	run(t, w, 0, "plan", "-detailed-exitcode")
}

// recovered wants all keys on every master, one cluster of them, and no force flag.
func recovered(t *testing.T, l *lab.Lab, want int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	must(t, l.WaitHealthy(ctx))
	for _, m := range l.Nodes() {
		if got, _, err := l.CountKeys(ctx, m.Name()); err != nil || got != want {
			t.Errorf("%s has %d keys (%v), want %d", m.Name(), got, err, want)
		}
		text, err := os.ReadFile(m.Path(manifest))
		must(t, err)
		if bytes.Contains(text, []byte("force-new-cluster")) {
			t.Errorf("%s still has the force flag:\n%s", m.Name(), text)
		}
	}
}

// flat takes the frame and the line breaks of a diagnostic away.
func flat(text string) string {
	return regexp.MustCompile(`\s*\n?[│╷╵]?\s+`).ReplaceAllString(text, " ")
}

func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(flat(text), p) {
			t.Errorf("missing %q in\n%s", p, text)
		}
	}
}
