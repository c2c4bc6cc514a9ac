//go:build linux

package kubelet

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What crictl shows is written to files on each change, one line or file per object, so that the crictl of the lab can
// be a shell script that answers in a few milliseconds.

func (r *containerRuntime) criDir() string {
	return filepath.Join(r.root, "run/cri")
}

func (r *containerRuntime) inspectFile(id string) string {
	return filepath.Join(r.criDir(), "inspect", id)
}

// publish writes the files anew. r.mu is held.
func (r *containerRuntime) publish() {
	var containers, pods, images strings.Builder
	for _, c := range slices.Backward(r.containers) { // newest first, like crictl
		c.mu.Lock()
		state := "Running"
		if c.reaped {
			state = "Exited"
		}
		fmt.Fprintf(&containers, "%s %s %s %s %s\n", state, c.id, c.sandbox.id, c.name, compact(c.listing()))
		inspection := compact(c.inspection())
		c.mu.Unlock()
		r.write(r.inspectFile(c.id), inspection+"\n")
	}
	for _, s := range slices.Backward(r.sandboxes) {
		state := "NotReady"
		if s.ready {
			state = "Ready"
		}
		fmt.Fprintf(&pods, "%s %s %s %s %s\n", state, s.id, s.id, s.podName(), compact(s.listing()))
	}
	for _, ref := range r.images.references() {
		fmt.Fprintf(&images, "%s %s %s\n", ref, imageID(ref), compact(map[string]any{
			"id": imageID(ref), "repoTags": []string{ref}, "repoDigests": []string{}, "size": "25000000",
			"uid": map[string]any{"value": "0"}, "username": "", "pinned": ref == r.images.pause,
		}))
	}
	r.write(filepath.Join(r.criDir(), "containers"), containers.String())
	r.write(filepath.Join(r.criDir(), "pods"), pods.String())
	r.write(filepath.Join(r.criDir(), "images"), images.String())
}

// republish is for changes of the images.
func (r *containerRuntime) republish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.publish()
}

// write replaces a file in one step, since scripts read at any time.
func (r *containerRuntime) write(path, text string) {
	err := os.WriteFile(path+".tmp", []byte(text), 0o644)
	if err == nil {
		err = os.Rename(path+".tmp", path)
	}
	if err != nil {
		r.note("crictl: %v", err)
	}
}

func compact(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "{}" // can't be: strings, numbers and maps only
	}
	return string(text)
}

func (c *container) labels() map[string]string {
	labels := map[string]string{"io.kubernetes.container.name": c.name}
	for k, v := range c.sandbox.pod.criLabels(c.sandbox.node) {
		if strings.HasPrefix(k, "io.kubernetes.") {
			labels[k] = v
		}
	}
	return labels
}

// listing is an entry of `crictl ps -o json`. c.mu is held, here and in inspection.
func (c *container) listing() map[string]any {
	state := "CONTAINER_RUNNING"
	if c.reaped {
		state = "CONTAINER_EXITED"
	}
	return map[string]any{
		"id":           c.id,
		"podSandboxId": c.sandbox.id,
		"metadata":     map[string]any{"name": c.name, "attempt": c.attempt},
		"image": map[string]any{
			"annotations":        map[string]string{},
			"image":              imageID(c.image),
			"userSpecifiedImage": c.image,
		},
		"imageRef":    imageID(c.image),
		"state":       state,
		"createdAt":   strconv.FormatInt(c.started.UnixNano(), 10),
		"labels":      c.labels(),
		"annotations": c.annotations(),
	}
}

func (c *container) annotations() map[string]string {
	return map[string]string{"io.kubernetes.container.restartCount": strconv.Itoa(c.attempt)}
}

// inspection is the answer to `crictl inspect`.
func (c *container) inspection() map[string]any {
	state, reason, finished, pid := "CONTAINER_RUNNING", "", time.Time{}, c.cmd.Process.Pid
	if c.reaped {
		state, reason, finished, pid = "CONTAINER_EXITED", "Completed", c.finished, 0
		if c.exitCode != 0 {
			reason = "Error"
		}
	}
	mounts := []map[string]any{}
	for _, m := range c.mounts {
		mounts = append(mounts, map[string]any{"containerPath": m.Container, "hostPath": m.Host, "readonly": false})
	}
	return map[string]any{
		"status": map[string]any{
			"id":         c.id,
			"metadata":   map[string]any{"name": c.name, "attempt": c.attempt},
			"state":      state,
			"createdAt":  c.started.UTC().Format(criTime),
			"startedAt":  c.started.UTC().Format(criTime),
			"finishedAt": finished.UTC().Format(criTime),
			"exitCode":   c.exitCode,
			"image": map[string]any{
				"annotations":        map[string]string{},
				"image":              c.image,
				"userSpecifiedImage": c.image,
			},
			"imageRef":    imageID(c.image),
			"reason":      reason,
			"message":     "",
			"labels":      c.labels(),
			"annotations": c.annotations(),
			"mounts":      mounts,
			"logPath":     c.logPath,
		},
		"info": map[string]any{
			"pid":         pid,
			"sandboxID":   c.sandbox.id,
			"runtimeSpec": map[string]any{"process": map[string]any{"args": c.args}},
		},
	}
}

// listing is an entry of `crictl pods -o json`.
func (s *sandbox) listing() map[string]any {
	state := "SANDBOX_NOTREADY"
	if s.ready {
		state = "SANDBOX_READY"
	}
	return map[string]any{
		"id": s.id,
		"metadata": map[string]any{
			"name": s.podName(), "uid": s.pod.uid, "namespace": s.pod.Metadata.Namespace, "attempt": s.attempt,
		},
		"state":       state,
		"createdAt":   strconv.FormatInt(s.created.UnixNano(), 10),
		"labels":      s.pod.criLabels(s.node),
		"annotations": s.pod.Metadata.Annotations,
	}
}

// handleCRI carries out what crictl asks for.
func (r *containerRuntime) handleCRI(verb string, args []string) error {
	switch {
	case verb == "stop" && len(args) == 2:
		c, err := r.container(args[0])
		if err != nil {
			return err
		}
		grace, err := time.ParseDuration(args[1] + "s")
		if err != nil {
			return fmt.Errorf("invalid timeout: %w", err)
		}
		c.stop(grace)
		r.republish()
		return nil
	case verb == "rm" && len(args) == 1:
		c, err := r.container(args[0])
		if err != nil {
			return err
		}
		c.stop(0)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.drop(c)
		r.publish()
		return nil
	case (verb == "stopp" || verb == "rmp") && len(args) == 1:
		s, err := r.sandbox(args[0])
		if err != nil {
			return err
		}
		r.stopSandbox(s, 2*time.Second)
		if verb == "rmp" {
			r.removeSandbox(s)
		}
		return nil
	}
	return fmt.Errorf("rpc error: code = Unimplemented desc = %s %s", verb, strings.Join(args, " "))
}
