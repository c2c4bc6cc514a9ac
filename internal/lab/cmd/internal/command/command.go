// Package command is what the programs under cmd have in common: a folder of their own, and nothing left behind,
// however they end. It is no flag library and knows nothing of the lab.
package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Main runs f in a folder of its own and returns the exit code: 0 when f succeeds. The folder is gone afterwards,
// unless it is to be kept. The context of f ends with Ctrl-C, SIGTERM, or the end of the `go run` that started this
// process.
func Main(name string, keep bool, f func(ctx context.Context, dir string) error) int {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	ctx, orphaned := context.WithCancelCause(ctx)
	go watchParent(ctx, orphaned)

	err := inFolder(ctx, name, keep, f)
	if err == nil {
		return 0
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("interrupted: %w", err) // which also says what could not be cleared away
	}
	_, _ = fmt.Fprintf(os.Stderr, "\n%s: %v\n", name, err)
	return 1
}

func inFolder(ctx context.Context, name string, keep bool, f func(ctx context.Context, dir string) error) (err error) {
	dir, err := os.MkdirTemp("", "etcdrecovery-"+name+"-")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	defer func() {
		if keep {
			_, _ = fmt.Printf("\nKept: %s\n", dir)
			return
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	// Compilers and plugins that are killed leave their own temporary files: let them be in this folder.
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	if err := os.Setenv("TMPDIR", tmp); err != nil {
		return fmt.Errorf("naming the temporary folder: %w", err)
	}
	return f(ctx, dir)
}

// watchParent cancels when `go run` goes. It passes SIGINT on to its program, and dies of SIGTERM without a word to it.
func watchParent(ctx context.Context, cancel context.CancelCauseFunc) {
	parent := os.Getppid()
	exe, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(parent), "exe"))
	if err != nil || filepath.Base(exe) != "go" {
		return
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for os.Getppid() == parent {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
	cancel(errors.New("go run has ended"))
}
