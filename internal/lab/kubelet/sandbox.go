//go:build linux

package kubelet

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// A sandbox is what the containers of a pod live in.
type sandbox struct {
	id      string
	pod     *PodSpec
	node    string
	attempt int
	created time.Time
	ready   bool // guarded by the runtime's mutex
}

// podName is the name under which the cluster knows a static pod.
func (s *sandbox) podName() string {
	return s.pod.Metadata.Name + "-" + s.node
}

func (r *containerRuntime) newSandbox(pod *PodSpec, node string) *sandbox {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &sandbox{
		id:      newID(),
		pod:     pod,
		node:    node,
		attempt: r.next("sandbox", pod.uid),
		created: time.Now(),
		ready:   true,
	}
	r.sandboxes = append(r.sandboxes, s)
	r.publish()
	return s
}

// stopSandbox ends what runs in a sandbox, which then is not ready for more.
func (r *containerRuntime) stopSandbox(s *sandbox, grace time.Duration) {
	var all sync.WaitGroup
	for _, c := range r.running() {
		if c.sandbox == s {
			all.Go(func() { c.stop(grace) })
		}
	}
	all.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	s.ready = false
	r.publish()
}

// removeSandbox forgets a sandbox that has been stopped, with its containers.
func (r *containerRuntime) removeSandbox(s *sandbox) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(slices.DeleteFunc(slices.Clone(r.containers), func(c *container) bool { return c.sandbox != s })...)
	r.sandboxes = slices.DeleteFunc(r.sandboxes, func(other *sandbox) bool { return other == s })
	r.publish()
}

func (r *containerRuntime) isReady(s *sandbox) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return s.ready
}

// criLabels are what a pod and its containers are found by.
func (p *PodSpec) criLabels(node string) map[string]string {
	labels := maps.Clone(p.Metadata.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels["io.kubernetes.pod.name"] = p.Metadata.Name + "-" + node
	labels["io.kubernetes.pod.namespace"] = p.Metadata.Namespace
	labels["io.kubernetes.pod.uid"] = p.uid
	return labels
}
