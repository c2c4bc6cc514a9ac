//go:build linux

package proc

import (
	"errors"
	"os/exec"
	"runtime"
	"syscall"
)

// ErrClosed is returned for a process that is started after Close.
var ErrClosed = errors.New("the lab is closed")

// A Spawner starts every child process of a lab from one thread that lives as long as the lab.
//
// The kernel sends the parent-death signal when the *thread* that forked ends, not the process. Go's threads come and
// go, so a child started from just anywhere could be killed in the middle of a test. Started from here, it dies with
// the lab and only then.
type Spawner struct {
	jobs chan job
	quit chan struct{}
	done chan struct{}
}

type job struct {
	cmd    *exec.Cmd
	result chan error
}

// NewSpawner starts the thread.
func NewSpawner() *Spawner {
	s := &Spawner{jobs: make(chan job), quit: make(chan struct{}), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *Spawner) run() {
	defer close(s.done)
	// Never unlocked: the thread ends together with this goroutine, and takes along whatever child is still there.
	runtime.LockOSThread()
	for {
		select {
		case j := <-s.jobs:
			j.result <- j.cmd.Start()
		case <-s.quit:
			return
		}
	}
}

// Start starts cmd in a process group of its own, to be killed by the kernel if this process dies first.
func (s *Spawner) Start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Pdeathsig = true, syscall.SIGKILL
	j := job{cmd: cmd, result: make(chan error, 1)}
	select {
	case s.jobs <- j:
		return <-j.result
	case <-s.done:
		return ErrClosed
	}
}

// Close ends the thread, and with it every process that is still there.
func (s *Spawner) Close() {
	close(s.quit)
	<-s.done
}
