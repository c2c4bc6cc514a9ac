//go:build linux

package kubelet

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
)

// A podRunner runs what stands in a manifest folder: the kubelet's part of the work.
//
// Every regular file whose name does not start with a dot counts. Of two files with the same pod the last in the order
// of names wins; in a kubelet it is undefined which. A file that can't be read as a Pod, as when it is half-written,
// leaves the pod that it had before; a kubelet would drop that at its next full look at the folder.
type podRunner struct {
	node      string
	manifests string
	timing    Timing
	runtime   *containerRuntime
	frozen    *proc.FreezeGate // shut while the node is frozen
	stopped   *proc.FreezeGate // shut while the kubelet is stopped
	note      func(format string, args ...any)

	files map[string]manifestFile // of the goroutine that looks at the folder
	pods  map[string]*pod

	quit    chan struct{}
	looking sync.WaitGroup
}

// manifestFile is a file as it was read last.
type manifestFile struct {
	text []byte
	pod  *PodSpec // the last good one, or nil
}

func (r *podRunner) start() { r.begin(map[string]*pod{}) }

// begin looks at the folder from now on, with nothing known but pods.
func (r *podRunner) begin(pods map[string]*pod) {
	r.files, r.pods, r.quit = map[string]manifestFile{}, pods, make(chan struct{})
	r.looking.Go(func() {
		tick := time.NewTicker(r.timing.Poll)
		defer tick.Stop()
		for r.stopped.Wait(r.quit) && r.frozen.Wait(r.quit) {
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
func (r *podRunner) read() map[string]*PodSpec {
	wanted := map[string]*PodSpec{}
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
			pod, err := ParsePod(text, r.node)
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
func (r *podRunner) sync(wanted map[string]*PodSpec) {
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

func (r *podRunner) grace(p *PodSpec) time.Duration {
	if r.timing.Grace > 0 {
		return r.timing.Grace
	}
	return p.grace()
}
