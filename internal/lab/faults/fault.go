//go:build linux

package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// A Fault is something that goes wrong in the middle of an apply.
type Fault struct {
	Name string
	// inject makes it happen and returns; what it started goes on, and is over when heal has returned.
	inject func(ctx context.Context, on hit) (heal func() error, err error)
}

// hit is what a fault strikes.
type hit struct {
	node     lab.Node
	provider int // its process
	rng      *rand.Rand
}

// Names of faults that are treated in their own way.
const (
	providerKilled = "provider killed"
	ctrlC          = "Ctrl-C"
	diskFull       = "disk full"
)

// cutFor is how long a connection stays cut, and freezeFor how long a master stands still, at most: both shorter and
// longer than it takes the provider to notice are drawn.
const (
	cutFor    = 20 * time.Second
	freezeFor = 25 * time.Second
	killFor   = 200 * time.Millisecond
)

// Faults are all of them, in the order of the table.
func Faults() []Fault {
	return []Fault{
		{providerKilled, func(_ context.Context, on hit) (func() error, error) {
			return nothing, syscall.Kill(on.provider, syscall.SIGKILL)
		}},
		{ctrlC, func(_ context.Context, on hit) (func() error, error) {
			terraform, err := parent(on.provider)
			if err != nil {
				return nothing, err
			}
			return nothing, syscall.Kill(-terraform, syscall.SIGINT) // its whole group, as a terminal does
		}},
		{"SSH connection cut", func(_ context.Context, on hit) (func() error, error) {
			on.node.ResetSSH()
			return nothing, nil
		}},
		{"SSH cut for 20 s", func(_ context.Context, on hit) (func() error, error) {
			on.node.CutSSH()
			return after(cutFor, on.node.RestoreSSH), nil
		}},
		{"remote command killed", func(ctx context.Context, on hit) (func() error, error) {
			return meanwhile(func() error {
				for end := time.Now().Add(killFor); time.Now().Before(end) && ctx.Err() == nil; {
					on.node.KillCommands()
					time.Sleep(5 * time.Millisecond)
				}
				return nil
			}), nil
		}},
		{"master frozen", func(_ context.Context, on hit) (func() error, error) {
			on.node.Freeze()
			return after(
				time.Duration(1+on.rng.Int64N(int64(freezeFor))),
				func() error { on.node.Thaw(); return nil },
			), nil
		}},
		{diskFull, func(_ context.Context, on hit) (func() error, error) {
			return on.node.FreeDisk, on.node.FillDisk()
		}},
		{"etcd crash", func(_ context.Context, on hit) (func() error, error) {
			on.node.KillEtcd()
			return nothing, nil
		}},
		{"kubelet restart", func(_ context.Context, on hit) (func() error, error) {
			on.node.KubeletRestart()
			return nothing, nil
		}},
		{"reboot", func(_ context.Context, on hit) (func() error, error) {
			on.node.PowerOff()
			return after(time.Second, on.node.PowerOn), nil
		}},
	}
}

func nothing() error { return nil }

// after lets f follow some time later; what it returns waits for that.
func after(d time.Duration, f func() error) func() error {
	return meanwhile(func() error {
		time.Sleep(d)
		return f()
	})
}

// meanwhile runs f beside what goes on; what it returns waits for its end.
func meanwhile(f func() error) func() error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return func() error { return <-done }
}

// parent is the process that started another one.
func parent(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("finding the parent of process %d: %w", pid, err)
	}
	for line := range strings.Lines(string(text)) {
		var parent int
		if n, _ := fmt.Sscanf(line, "PPid: %d", &parent); n == 1 {
			return parent, nil
		}
	}
	return 0, fmt.Errorf("process %d has no parent", pid)
}
