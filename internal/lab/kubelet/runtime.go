//go:build linux

package kubelet

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
)

// keptContainers is how many exited containers of one name in one pod stay listed.
const keptContainers = 3

// A containerRuntime runs the containers of one node: containerd's part of the work. What it holds survives a stop of
// the kubelet and, as exited containers, a power-off.
type containerRuntime struct {
	root   string // of the node
	spawn  *proc.Spawner
	images *imageStore
	note   func(format string, args ...any)

	watchers sync.WaitGroup
	starting sync.Mutex // held while a container starts; a wipe holds it to keep containers from starting

	mu         sync.Mutex
	sandboxes  []*sandbox
	containers []*container // oldest first
	attempts   map[string]int
	hidden     []string
	failing    []string // the command line and environment with which etcd ends at once
	fault      []string // the arguments that it then gets as well
}

// setHiddenArgs makes containers get arguments that their manifests do not have and that nothing shows. It is for the
// first start of members whose manifests look as if the cluster had been there before them.
func (r *containerRuntime) setHiddenArgs(args ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hidden = args
}

// failEtcd lets etcd end at once whenever it is started with the command line and environment that it had last, by
// arguments that it does not take; with none it may start.
func (r *containerRuntime) failEtcd(fault ...string) {
	all := r.etcd()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failing, r.fault = nil, fault
	if len(fault) > 0 && len(all) > 0 {
		r.failing = all[len(all)-1].given
	}
}

// hiddenFor returns the arguments that a container gets beside those that it is given. r.mu is held.
func (r *containerRuntime) hiddenFor(given []string) []string {
	if r.failing != nil && slices.Equal(given, r.failing) {
		return r.fault
	}
	return r.hidden
}

// next counts the attempts of something per pod UID. r.mu is held.
func (r *containerRuntime) next(what, uid string) int {
	n := r.attempts[uid+"/"+what]
	r.attempts[uid+"/"+what] = n + 1
	return n
}

// run starts a container.
func (r *containerRuntime) run(s *sandbox, spec ContainerSpec) (*container, error) {
	r.starting.Lock()
	defer r.starting.Unlock()

	args := slices.Concat(spec.Command, spec.Args)
	if len(args) == 0 {
		return nil, fmt.Errorf("container %s names no command", spec.Name)
	}
	program, err := r.images.program(spec.Image, args[0])
	if err != nil {
		return nil, err
	}
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	for _, e := range spec.Env {
		env = append(env, e.Name+"="+e.Value)
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	c := &container{
		id: newID(), name: spec.Name, image: spec.Image, attempt: r.next(spec.Name, s.pod.uid), sandbox: s,
		args: args, given: slices.Concat(args, env), mounts: s.pod.Mounts(spec), exited: make(chan struct{}),
	}
	dir := fmt.Sprintf("%s_%s_%s", s.pod.Metadata.Namespace, s.podName(), s.pod.uid)
	c.logPath = filepath.Join(r.root, "var/log/pods", dir, c.name, fmt.Sprintf("%d.log", c.attempt))
	if err := c.launch(r.spawn, program, r.hiddenFor(c.given), r.root, env); err != nil {
		return nil, err
	}
	r.containers = append(r.containers, c)
	if err := os.Symlink(c.logPath, r.logLink(c)); err != nil {
		r.note("log of %s: %v", c.name, err)
	}
	r.collect(c)
	r.publish()
	r.watchers.Go(func() {
		<-c.exited
		r.mu.Lock()
		defer r.mu.Unlock()
		r.publish()
	})
	return c, nil
}

func (r *containerRuntime) logLink(c *container) string {
	name := fmt.Sprintf("%s_%s_%s-%s.log", c.sandbox.podName(), c.sandbox.pod.Metadata.Namespace, c.name, c.id)
	return filepath.Join(r.root, "var/log/containers", name)
}

// collect removes exited containers beyond those kept, now that c has started. r.mu is held.
func (r *containerRuntime) collect(c *container) {
	var exited []*container // newest first
	for _, other := range slices.Backward(r.containers) {
		if !other.running() && other.name == c.name && other.sandbox.pod.key() == c.sandbox.pod.key() {
			exited = append(exited, other)
		}
	}
	if len(exited) > keptContainers {
		r.drop(exited[keptContainers:]...)
	}
	r.sandboxes = slices.DeleteFunc(r.sandboxes, func(s *sandbox) bool {
		return !s.ready && !slices.ContainsFunc(r.containers, func(c *container) bool { return c.sandbox == s })
	})
}

// drop forgets containers and their logs. r.mu is held.
func (r *containerRuntime) drop(gone ...*container) {
	for _, c := range gone {
		_ = os.Remove(r.logLink(c))
		c.remove()
		_ = os.Remove(r.inspectFile(c.id))
	}
	r.containers = slices.DeleteFunc(r.containers, func(c *container) bool { return slices.Contains(gone, c) })
}

func (r *containerRuntime) running() []*container {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.containers), func(c *container) bool { return !c.running() })
}

// runningIn finds the running container of a name in a sandbox, which may be nil.
func (r *containerRuntime) runningIn(s *sandbox, name string) *container {
	for _, c := range r.running() {
		if c.sandbox == s && c.name == name {
			return c
		}
	}
	return nil
}

// signalAll is for freezing and thawing.
func (r *containerRuntime) signalAll(sig syscall.Signal) {
	for _, c := range r.running() {
		c.signal(sig)
	}
}

// killAll is what a power-off does to containers.
func (r *containerRuntime) killAll() {
	r.starting.Lock()
	defer r.starting.Unlock()
	for _, c := range r.running() {
		c.signal(syscall.SIGKILL)
	}
	for _, c := range r.running() {
		<-c.exited
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sandboxes {
		s.ready = false
	}
	r.publish()
}

// etcd returns the containers whose program is etcd, oldest first, running or not.
func (r *containerRuntime) etcd() []*container {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(
		slices.Clone(r.containers),
		func(c *container) bool { return filepath.Base(c.args[0]) != "etcd" },
	)
}

// container finds a container by its ID or the beginning of it, as crictl takes them.
func (r *containerRuntime) container(id string) (*container, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return byPrefix(r.containers, id, func(c *container) string { return c.id })
}

func (r *containerRuntime) sandbox(id string) (*sandbox, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return byPrefix(r.sandboxes, id, func(s *sandbox) string { return s.id })
}

func byPrefix[T any](all []T, id string, idOf func(T) string) (T, error) {
	found := slices.DeleteFunc(slices.Clone(all), func(v T) bool { return !strings.HasPrefix(idOf(v), id) })
	if len(found) != 1 || id == "" {
		var none T
		return none, fmt.Errorf(
			"rpc error: code = NotFound desc = an error occurred when try to find %q: not found",
			id,
		)
	}
	return found[0], nil
}

func newID() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
