//go:build linux

package terraform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Result is what one call of the CLI came to.
type Result struct {
	Text     string // standard output and error
	ExitCode int
	Began    time.Time
	Took     time.Duration
	Peak     int64 // bytes: the most memory that the provider's process had in use, if the workspace watches it
}

// Run calls the CLI in the workspace. each hears of every line at once; nil when nobody listens. An exit code other
// than 0 is in the result and no error. When ctx ends, the CLI and its provider are killed.
func (w *Workspace) Run(ctx context.Context, each func(line string), args ...string) (Result, error) {
	cmd := exec.CommandContext(ctx, w.tools.CLI.Path, args...)
	cmd.Dir, cmd.Env = w.Dir, append(environment(w.tools.rc), w.Env...)
	out := &lines{each: each}
	cmd.Stdout, cmd.Stderr = out, out
	// A group of their own: a Ctrl-C in the terminal comes to this process only, which ends both.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second

	// The death signal is sent when the thread ends that started the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r := Result{Began: time.Now()}
	if err := cmd.Start(); err != nil {
		return r, fmt.Errorf("starting %s: %w", w.tools.CLI.Path, err)
	}
	peak := func() int64 { return 0 }
	if w.Memory {
		peak = watchMemory(w.tools.Provider)
	}
	err := cmd.Wait()
	r.Took, r.Peak, r.Text, r.ExitCode = time.Since(r.Began), peak(), out.text.String(), cmd.ProcessState.ExitCode()
	var exit *exec.ExitError
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	if err != nil && !errors.As(err, &exit) {
		return r, fmt.Errorf("running %s: %w", args[0], err)
	}
	return r, nil
}

// lines keeps what is written to it and passes on whole lines. Only one goroutine writes: stdout and stderr are the
// same writer.
type lines struct {
	each func(string)
	text bytes.Buffer
	rest []byte
}

func (l *lines) Write(b []byte) (int, error) {
	l.text.Write(b)
	l.rest = append(l.rest, b...)
	for {
		line, rest, ok := bytes.Cut(l.rest, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		if l.each != nil {
			l.each(string(line))
		}
		l.rest = rest
	}
}
