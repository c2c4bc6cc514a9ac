//go:build linux

package proc

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// KillAll kills what is found. All is stopped first, so that no shell goes on to its next command because the one
// before is killed. It looks again until nothing is left, since a process may fork while it is looked for.
func KillAll(find func() []int) {
	for range 50 {
		pids := find()
		if len(pids) == 0 {
			return
		}
		for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGKILL} {
			for _, pid := range pids {
				_ = syscall.Kill(pid, sig) // ESRCH: it has ended by itself
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// AwaitExit returns when a child has ended, and leaves it a zombie: until it is reaped, its number, and with it its
// group, cannot be anybody else's.
func AwaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
