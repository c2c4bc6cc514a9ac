//go:build linux

package kubelet

import (
	"sync"
	"time"
)

// A pod keeps the containers of one static pod running until it is told to stop.
type pod struct {
	runner *podRunner
	spec   *PodSpec
	asked  time.Time // to stop
	grace  time.Duration
	left   bool // its containers are somebody else's; set before stop is closed
	stop   chan struct{}
	done   chan struct{}

	mu      sync.Mutex
	sandbox *sandbox
}

// newPod begins with the containers that run in s, if it is not nil.
func newPod(r *podRunner, spec *PodSpec, s *sandbox) *pod {
	p := &pod{runner: r, spec: spec, sandbox: s, stop: make(chan struct{}), done: make(chan struct{})}
	var containers sync.WaitGroup
	for _, c := range spec.Spec.Containers {
		running := r.runtime.runningIn(s, c.Name)
		containers.Go(func() { p.keep(c, running) })
	}
	go func() {
		containers.Wait()
		p.mu.Lock()
		if p.sandbox != nil && !p.left {
			r.runtime.stopSandbox(p.sandbox, 0)
		}
		p.mu.Unlock()
		close(p.done)
	}()
	return p
}

// terminate asks the pod to stop, once. It is called by the looking goroutine only.
func (p *pod) terminate(grace time.Duration) {
	if p.asked.IsZero() {
		p.runner.note("kubelet: stopping pod %s", p.spec.key())
		p.asked, p.grace = time.Now(), grace
		close(p.stop)
	}
}

// leave ends the pod and not its containers, and returns what they live in. It is called in place of terminate.
func (p *pod) leave() *sandbox {
	p.left = true
	close(p.stop)
	<-p.done
	return p.sandbox
}

func (p *pod) finished() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// keep runs a container and restarts it, with back-off. c is the one that runs already, or nil.
func (p *pod) keep(spec ContainerSpec, c *container) {
	r, delay := p.runner, time.Duration(0)
	for c != nil || r.stopped.Wait(p.stop) && r.frozen.Wait(p.stop) {
		var err error
		if c == nil {
			c, err = r.runtime.run(p.readySandbox(), spec)
		}
		began := time.Now()
		if err != nil {
			r.note("kubelet: %s: %v", spec.Name, err)
		} else {
			select {
			case <-c.exited:
				r.note("kubelet: container %s exited with %d", spec.Name, c.exitCode)
			case <-p.stop:
				if !p.left {
					c.stop(p.grace)
				}
				return
			}
		}
		c = nil
		if time.Since(began) >= r.timing.BackoffReset {
			delay = 0
		}
		if err != nil && delay == 0 {
			delay = r.timing.Backoff
		}
		select {
		case <-time.After(delay):
		case <-p.stop:
			return
		}
		delay = min(max(2*delay, r.timing.Backoff), r.timing.BackoffMax)
	}
}

// readySandbox makes a new sandbox if there is none, or if somebody has stopped it through the CRI.
func (p *pod) readySandbox() *sandbox {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sandbox == nil || !p.runner.runtime.isReady(p.sandbox) {
		p.sandbox = p.runner.runtime.newSandbox(p.spec, p.runner.node)
	}
	return p.sandbox
}
