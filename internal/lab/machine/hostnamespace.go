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

// hostVariable tells a process that it runs in a host namespace, by its parent's number, and how many files it was
// handed.
const hostVariable = "ETCDRECOVERY_LAB_HOST"

// inHostNamespace reports whether this process runs in a host namespace that was made for it. A process that it has
// started does not.
func inHostNamespace() (files int, ok bool) {
	var parent int
	_, err := fmt.Sscanf(os.Getenv(hostVariable), "%d:%d", &parent, &files)
	return files, err == nil && parent == os.Getppid()
}

// A Program runs in a host namespace.
type Program struct {
	// Prepare runs outside, where there is a network to download from. It may return files for Run: a socket that was
	// opened outside stays outside.
	Prepare func(context.Context) ([]*os.File, error)
	// Run runs inside, in another process with the same arguments, and returns the exit code.
	Run func(handed []*os.File) int
}

// ErrNeedsRoot is what machines cost.
var ErrNeedsRoot = errors.New("machines in namespaces need root")

// ErrOutside is returned when machines are asked for outside a host namespace: main has to call Main.
var ErrOutside = errors.New("not in a host namespace")

// Begin makes this process a machine, if that is what it was started for, and then does not return. It must come first
// in main.
func Begin() {
	if os.Args[0] == initName {
		initMachine()
	}
}

// Main runs a program and returns its exit code. It calls Begin.
func Main(p Program) int {
	Begin()
	if n, ok := inHostNamespace(); ok {
		if err := ip(context.Background(), "link", "set", "lo", "up"); err != nil {
			return complain(err)
		}
		var handed []*os.File
		for i := range n {
			syscall.CloseOnExec(3 + i)
			handed = append(handed, os.NewFile(uintptr(3+i), "handed"))
		}
		return p.Run(handed)
	}
	if os.Geteuid() != 0 {
		return complain(ErrNeedsRoot)
	}
	for program, pkg := range map[string]string{"mmdebstrap": "mmdebstrap", "ip": "iproute2", "nsenter": "util-linux"} {
		if _, err := exec.LookPath(program); err != nil {
			return complain(fmt.Errorf("machines in namespaces need Debian's package %s: apt-get install %[1]s: %w",
				pkg, err))
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	handed, err := p.Prepare(ctx)
	stop()
	if err != nil {
		return complain(err)
	}
	return enter(handed)
}

func complain(err error) int {
	_, _ = fmt.Fprintln(os.Stderr, err)
	return 1
}

// enter runs this program again in namespaces of its own. Signals of a terminal reach both processes; the one here
// waits for the other.
func enter(handed []*os.File) int {
	runtime.LockOSThread() // the parent-death signal follows the thread
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	cmd := exec.CommandContext(context.Background(), "/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d:%d", hostVariable, os.Getpid(), len(handed)))
	cmd.ExtraFiles = handed
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}
	if err := cmd.Start(); err != nil {
		return complain(fmt.Errorf("making a host namespace: %w", err))
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
