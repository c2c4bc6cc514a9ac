//go:build linux

package lab

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// KubeletTiming says how fast the static pod runner is. A zero field means its default.
type KubeletTiming struct {
	Poll time.Duration // between two looks at the manifest folder: 20 ms. A kubelet is told by inotify.
	// Before the second restart of a container that exits (the first is immediate), doubling: 250 ms. A kubelet: 10 s.
	Backoff      time.Duration
	BackoffMax   time.Duration // 5 s. A kubelet: 300 s.
	BackoffReset time.Duration // a run this long starts the back-off anew: 10 s. A kubelet: 10 min.
	// Between two tries to start a changed pod while the old one of its name still stops: Poll. A kubelet: about 10 s.
	SameName time.Duration
	Grace    time.Duration // in place of the manifest's terminationGracePeriodSeconds, when set.
}

func (t KubeletTiming) withDefaults() KubeletTiming {
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&t.Poll, 20*time.Millisecond)
	set(&t.Backoff, 250*time.Millisecond)
	set(&t.BackoffMax, 5*time.Second)
	set(&t.BackoffReset, 10*time.Second)
	set(&t.SameName, t.Poll)
	return t
}

// A podRunner runs what stands in a manifest folder: the kubelet's part of the work.
//
// Every regular file whose name does not start with a dot counts. Of two files with the same pod the last in the order
// of names wins; in a kubelet it is undefined which. A file that can't be read as a Pod, as when it is half-written,
// leaves the pod that it had before; a kubelet would drop that at its next full look at the folder.
type podRunner struct {
	node      string
	manifests string
	timing    KubeletTiming
	runtime   *containerRuntime
	frozen    *gate // shut while the master is frozen
	stopped   *gate // shut while the kubelet is stopped
	note      func(format string, args ...any)

	files map[string]manifestFile // of the goroutine that looks at the folder
	pods  map[string]*pod

	quit    chan struct{}
	looking sync.WaitGroup
}

// manifestFile is a file as it was read last.
type manifestFile struct {
	text []byte
	pod  *podSpec // the last good one, or nil
}

func (r *podRunner) start() { r.begin(map[string]*pod{}) }

// begin looks at the folder from now on, with nothing known but pods.
func (r *podRunner) begin(pods map[string]*pod) {
	r.files, r.pods, r.quit = map[string]manifestFile{}, pods, make(chan struct{})
	r.looking.Go(func() {
		tick := time.NewTicker(r.timing.Poll)
		defer tick.Stop()
		for r.stopped.wait(r.quit) && r.frozen.wait(r.quit) {
			r.sync(r.read())
			select {
			case <-tick.C:
			case <-r.quit:
			}
		}
	})
}

// restart begins anew, like another kubelet: crashes, and what a file said before it became unreadable, are forgotten.
// Containers run on, and what was told to stop goes on stopping. A kubelet needs about a second to be there again; this
// one is at once.
func (r *podRunner) restart() {
	close(r.quit)
	r.looking.Wait()
	pods := map[string]*pod{}
	for key, p := range r.pods {
		if p.asked.IsZero() {
			p = newPod(r, p.spec, p.leave())
		}
		pods[key] = p
	}
	r.begin(pods)
}

// halt ends the runner and kills what it runs, as a power-off does.
func (r *podRunner) halt() {
	close(r.quit)
	r.looking.Wait()
	for _, p := range r.pods {
		p.terminate(0)
	}
	r.runtime.killAll()
	for _, p := range r.pods {
		<-p.done
	}
}

// read returns the pods in the folder by their key.
func (r *podRunner) read() map[string]*podSpec {
	wanted := map[string]*podSpec{}
	seen := map[string]bool{}
	entries, err := os.ReadDir(r.manifests) // in the order of names
	if err != nil && !os.IsNotExist(err) {
		r.note("kubelet: %v", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		path := filepath.Join(r.manifests, e.Name())
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			continue // moved away this instant, or not readable
		}
		file, known := r.files[e.Name()]
		if !known || !bytes.Equal(text, file.text) {
			pod, err := parsePod(text, r.node)
			if err != nil {
				r.note("kubelet: %s: %v", e.Name(), err)
				pod = file.pod
			}
			file = manifestFile{text: text, pod: pod}
			r.files[e.Name()] = file
		}
		seen[e.Name()] = true
		if file.pod != nil {
			wanted[file.pod.key()] = file.pod
		}
	}
	for name := range r.files {
		if !seen[name] {
			delete(r.files, name)
		}
	}
	return wanted
}

// sync makes what runs agree with what is wanted.
func (r *podRunner) sync(wanted map[string]*podSpec) {
	for key, p := range r.pods {
		if w, ok := wanted[key]; !ok || w.uid != p.spec.uid {
			p.terminate(r.grace(p.spec))
		}
		if p.finished() && time.Since(p.asked) >= r.sameName() {
			delete(r.pods, key)
		}
	}
	for key, w := range wanted {
		if _, busy := r.pods[key]; !busy {
			r.note("kubelet: starting pod %s", key)
			r.pods[key] = newPod(r, w, nil)
		}
	}
}

// sameName is how long a pod's name stays taken at least, counted from when it was asked to stop.
func (r *podRunner) sameName() time.Duration {
	if r.timing.SameName > r.timing.Poll {
		return r.timing.SameName
	}
	return 0
}

func (r *podRunner) grace(p *podSpec) time.Duration {
	if r.timing.Grace > 0 {
		return r.timing.Grace
	}
	return p.grace()
}

// A pod keeps the containers of one static pod running until it is told to stop.
type pod struct {
	runner *podRunner
	spec   *podSpec
	asked  time.Time // to stop
	grace  time.Duration
	left   bool // its containers are somebody else's; set before stop is closed
	stop   chan struct{}
	done   chan struct{}

	mu      sync.Mutex
	sandbox *sandbox
}

// newPod begins with the containers that run in s, if it is not nil.
func newPod(r *podRunner, spec *podSpec, s *sandbox) *pod {
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
func (p *pod) keep(spec containerSpec, c *container) {
	r, delay := p.runner, time.Duration(0)
	for c != nil || r.stopped.wait(p.stop) && r.frozen.wait(p.stop) {
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
