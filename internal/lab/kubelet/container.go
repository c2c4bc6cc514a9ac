//go:build linux

package kubelet

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
)

// A container is one process, or process group, with its log. It is never started twice: a restart is a new container.
type container struct {
	id, name, image string
	attempt         int
	sandbox         *sandbox
	args            []string // as the manifest has them
	given           []string // args and environment
	mounts          []Mount
	logPath         string
	started         time.Time

	cmd    *exec.Cmd
	exited chan struct{} // closed once the process is gone and its log complete

	mu       sync.Mutex
	reaped   bool // its pid may belong to somebody else
	stopping bool // asked to end
	finished time.Time
	exitCode int
}

// launch starts the process of c. program is what the image holds in place of args[0], more are
// arguments besides its own.
func (c *container) launch(s *proc.Spawner, program string, more []string, dir string, env []string) error {
	args := make([]string, len(c.args))
	for i, a := range c.args {
		args[i] = hostArgument(a, c.mounts)
	}
	for _, m := range c.mounts {
		if m.create {
			if err := os.MkdirAll(m.Host, 0o755); err != nil {
				return fmt.Errorf("making the folder of a volume: %w", err)
			}
		}
	}
	log, err := newContainerLog(c.logPath)
	if err != nil {
		return err
	}
	cmd := &exec.Cmd{Path: program, Args: slices.Concat(args, more), Dir: dir, Env: env}
	stdout, stderr, err := log.attach(cmd)
	if err != nil {
		return errors.Join(err, log.close())
	}
	err = s.Start(cmd)
	_ = stdout.Close() // the child's ends
	_ = stderr.Close()
	if err != nil {
		return errors.Join(fmt.Errorf("starting the container: %w", err), log.close())
	}
	c.mu.Lock()
	c.cmd, c.started = cmd, time.Now()
	c.mu.Unlock()
	go c.reap(log)
	return nil
}

// reap waits for the process, takes along whatever else is in its group, and records how it ended.
func (c *container) reap(log *containerLog) {
	pid := c.cmd.Process.Pid
	// First without collecting it: until then the pid, and with it the group, cannot be anybody else's.
	proc.AwaitExit(pid)
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	c.mu.Lock()
	c.reaped = true
	_ = c.cmd.Wait() // the error repeats ProcessState
	c.finished = time.Now()
	c.exitCode = exitCode(c.cmd.ProcessState, c.stopping)
	c.mu.Unlock()
	_ = log.close()
	close(c.exited)
}

func exitCode(state *os.ProcessState, stopping bool) int {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return state.ExitCode()
	}
	if stopping && status.Signal() == syscall.SIGTERM {
		// etcd exits with 0 after SIGTERM when it is process 1 of a container. Here it is not, and raises the signal
		// again.
		return 0
	}
	return 128 + int(status.Signal())
}

// pid is 0 once the process is gone.
func (c *container) pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reaped || c.cmd == nil {
		return 0
	}
	return c.cmd.Process.Pid
}

func (c *container) running() bool {
	select {
	case <-c.exited:
		return false
	default:
		return true
	}
}

// signal sends sig to the whole group.
func (c *container) signal(sig syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.reaped {
		_ = syscall.Kill(-c.cmd.Process.Pid, sig)
	}
}

// stop ends the container: SIGTERM to its main process, SIGKILL after the grace period. It returns when it is gone.
func (c *container) stop(grace time.Duration) {
	c.mu.Lock()
	c.stopping = true
	c.mu.Unlock()
	if grace > 0 {
		_ = c.cmd.Process.Signal(syscall.SIGTERM) // fails only if the process is gone
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-c.exited:
			return
		case <-timer.C:
		}
	}
	c.kill()
}

func (c *container) kill() {
	c.signal(syscall.SIGKILL)
	<-c.exited
}

// remove deletes what is left of an exited container outside the runtime's own list.
func (c *container) remove() {
	_ = os.Remove(c.logPath)
	_ = os.Remove(filepath.Dir(c.logPath))               // only if empty
	_ = os.Remove(filepath.Dir(filepath.Dir(c.logPath))) // only if empty
}
