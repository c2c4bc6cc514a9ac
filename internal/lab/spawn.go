//go:build linux

package lab

import (
	"errors"
	"os/exec"
	"runtime"
	"syscall"
)

var errSpawnerClosed = errors.New("the lab is closed")

// A spawner starts every child process of a lab from one thread that lives as long as the lab.
//
// The kernel sends the parent-death signal when the *thread* that forked ends, not the process. Go's threads come and go, so a
// child started from just anywhere could be killed in the middle of a test. Started from here, it dies with the lab and only then.
type spawner struct {
	jobs chan spawnJob
	quit chan struct{}
	done chan struct{}
}

type spawnJob struct {
	cmd    *exec.Cmd
	result chan error
}

func newSpawner() *spawner {
	s := &spawner{jobs: make(chan spawnJob), quit: make(chan struct{}), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *spawner) run() {
	defer close(s.done)
	// Never unlocked: the thread ends together with this goroutine, and takes along whatever child is still there.
	runtime.LockOSThread()
	for {
		select {
		case job := <-s.jobs:
			job.result <- job.cmd.Start()
		case <-s.quit:
			return
		}
	}
}

// start starts cmd in a process group of its own, to be killed by the kernel if this process dies first.
func (s *spawner) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	job := spawnJob{cmd: cmd, result: make(chan error, 1)}
	select {
	case s.jobs <- job:
		return <-job.result
	case <-s.done:
		return errSpawnerClosed
	}
}

func (s *spawner) close() {
	close(s.quit)
	<-s.done
}
