//go:build linux

package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
)

// hubVariable tells a process that it runs in a hub.
const hubVariable = "ETCDRECOVERY_LAB_HUB"

// ErrNeedsRoot is what machines cost.
var ErrNeedsRoot = errors.New("machines in namespaces need root")

// ErrOutside is returned when machines are asked for outside a hub: main has to call Main.
var ErrOutside = errors.New("not in a hub")

// Main runs a program in a hub: prepare outside, where there is a network to download from, then run inside, in another process with
// the same arguments. It returns run's exit code. It must come first in main or TestMain, because a machine's first process begins here, too.
func Main(prepare func(context.Context) error, run func() int) int {
	if os.Args[0] == initName {
		initMachine() // does not return
	}
	if os.Getenv(hubVariable) != "" {
		if err := ip(context.Background(), "link", "set", "lo", "up"); err != nil {
			return complain(err)
		}
		return run()
	}
	if os.Geteuid() != 0 {
		return complain(ErrNeedsRoot)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := prepare(ctx); err != nil {
		return complain(err)
	}
	return enter()
}

func complain(err error) int {
	_, _ = fmt.Fprintln(os.Stderr, err)
	return 1
}

// enter runs this program again in namespaces of its own. Signals of a terminal reach both processes; the one here waits for the other.
func enter() int {
	runtime.LockOSThread() // the parent-death signal follows the thread
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), hubVariable+"=yes")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}
	if err := cmd.Start(); err != nil {
		return complain(fmt.Errorf("making a hub: %w", err))
	}
	go func() {
		for s := range signals {
			if s != syscall.SIGINT { // the terminal has sent it to the whole group
				_ = cmd.Process.Signal(s)
			}
		}
	}()
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode()
	}
	if err != nil {
		return complain(err)
	}
	return 0
}

// ip runs iproute2's command.
func ip(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
