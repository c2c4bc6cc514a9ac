//go:build linux

package kubelet

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/proc"
)

// Config is what a Kubelet works with.
type Config struct {
	Node   string // its name, which is in the names of its pods
	Root   string // where its disk is
	Timing Timing
	Pause  string            // the reference of the image of pods' sandboxes
	Images map[string]string // what has been pulled: reference → program
	Spawn  *proc.Spawner
	Frozen *proc.FreezeGate // shut while the node is frozen
	Note   func(format string, args ...any)
}

// A Kubelet is the kubelet and the container runtime of one node.
type Kubelet struct {
	root     string
	frozen   *proc.FreezeGate
	stopped  *proc.FreezeGate // shut while the kubelet is stopped
	runtime  *containerRuntime
	runner   *podRunner
	requests *requests
	note     func(format string, args ...any)
}

// New makes one for a node that is off.
func New(c Config) *Kubelet {
	k := &Kubelet{root: c.Root, frozen: c.Frozen, stopped: proc.NewFreezeGate(), note: c.Note}
	k.runtime = &containerRuntime{
		root:     c.Root,
		spawn:    c.Spawn,
		images:   newImageStore(c.Pause, c.Images),
		note:     c.Note,
		attempts: map[string]int{},
	}
	k.runner = &podRunner{
		node:      c.Node,
		manifests: filepath.Join(c.Root, ManifestDir),
		timing:    c.Timing.withDefaults(),
		runtime:   k.runtime,
		frozen:    c.Frozen,
		stopped:   k.stopped,
		note:      c.Note,
	}
	return k
}

// PowerOn starts both with what is on disk.
func (k *Kubelet) PowerOn() error {
	k.set(true)
	var err error
	if k.requests, err = newRequests(k.runtime.criDir(), k.frozen, k.handle); err != nil {
		return err
	}
	k.runtime.republish()
	k.runner.start()
	return nil
}

// PowerOff kills both, and the containers.
func (k *Kubelet) PowerOff() error {
	k.runner.halt()
	return k.requests.close()
}

// Wait returns when nothing goes on any more, after PowerOff.
func (k *Kubelet) Wait() { k.runtime.watchers.Wait() }

// Start undoes Stop.
func (k *Kubelet) Start() { k.set(true) }

// Stop stops the kubelet. Containers run on.
func (k *Kubelet) Stop() { k.set(false) }

// Restart ends the kubelet and starts another. The node must be on.
func (k *Kubelet) Restart() {
	k.set(true)
	k.runner.restart()
}

func (k *Kubelet) set(active bool) {
	state := "inactive\n"
	if active {
		state = "active\n"
	}
	if err := os.WriteFile(filepath.Join(k.root, stateFile), []byte(state), 0o644); err != nil {
		k.note("kubelet: %v", err)
	}
	k.stopped.Set(!active)
}

// handle carries out the requests of the scripts.
func (k *Kubelet) handle(verb string, args []string) error {
	if verb == "kubelet" && len(args) == 1 {
		k.set(args[0] == "start")
		return nil
	}
	return k.runtime.handleCRI(verb, args)
}

// Signal sends a signal to every container.
func (k *Kubelet) Signal(sig syscall.Signal) { k.runtime.signalAll(sig) }

// WithoutStarts calls do while no container can be started.
func (k *Kubelet) WithoutStarts(do func() error) error {
	k.runtime.starting.Lock()
	defer k.runtime.starting.Unlock()
	return do()
}

// SetHiddenArgs makes containers get arguments that their manifests do not have and that nothing shows. It is for the
// first start of members whose manifests look as if the cluster had been there before them.
func (k *Kubelet) SetHiddenArgs(args ...string) { k.runtime.setHiddenArgs(args...) }

// FailEtcd lets etcd end at once whenever it is started with the command line and environment that it had last, by
// arguments that it does not take. With others it starts as usual, and without a fault with any.
func (k *Kubelet) FailEtcd(fault ...string) { k.runtime.failEtcd(fault...) }

// AddImage makes an image as if it had been pulled.
func (k *Kubelet) AddImage(ref, program string) {
	k.runtime.images.add(ref, program)
	k.runtime.republish()
}

// RemoveImages takes every image away but that of sandboxes. There is no registry to pull them from.
func (k *Kubelet) RemoveImages() {
	k.runtime.images.removeAll()
	k.runtime.republish()
}

// RestoreImages undoes RemoveImages.
func (k *Kubelet) RestoreImages() {
	k.runtime.images.restore()
	k.runtime.republish()
}

// PIDs are the processes of all running containers.
func (k *Kubelet) PIDs() []int { return pids(k.runtime.running()) }

// EtcdPIDs are those of containers whose program is etcd; normally one.
func (k *Kubelet) EtcdPIDs() []int { return pids(k.runtime.etcd()) }

func pids(containers []*container) []int {
	var all []int
	for _, c := range containers {
		if pid := c.pid(); pid != 0 {
			all = append(all, pid)
		}
	}
	return all
}

// EtcdCommands are their command lines, with spaces between the arguments.
func (k *Kubelet) EtcdCommands() []string {
	var lines []string
	for _, pid := range k.EtcdPIDs() {
		if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil { // else it has ended
			lines = append(lines, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return lines
}

// KillEtcd kills etcd with SIGKILL and returns when it is gone.
func (k *Kubelet) KillEtcd() {
	for _, c := range k.runtime.etcd() {
		if c.running() {
			c.kill()
		}
	}
}

// EtcdLog is what the last etcd container has written, or "" when there was none.
func (k *Kubelet) EtcdLog() (string, error) {
	all := k.runtime.etcd()
	if len(all) == 0 {
		return "", nil
	}
	return ReadLog(all[len(all)-1].logPath)
}
