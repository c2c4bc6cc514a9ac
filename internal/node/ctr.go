package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// parseCtr reads an object for each container, then the table of tasks, which are their processes.
func parseCtr(out []byte) ([]Container, error) {
	objects, tasks, ok := bytes.Cut(append([]byte("\n"), out...), []byte("\nTASK"))
	if !ok {
		return nil, fmt.Errorf("ctr printed no table of tasks: %.200q", out)
	}
	running := map[string]bool{}
	for line := range strings.Lines(string(tasks)) {
		if fields := strings.Fields(line); len(fields) == 3 {
			running[fields[0]] = fields[2] != "STOPPED"
		}
	}
	var containers []Container
	for decoder := json.NewDecoder(bytes.NewReader(objects)); decoder.More(); {
		var c struct {
			ID         string
			Labels     map[string]string
			CreatedAt  time.Time
			Extensions map[string]struct{ Value []byte }
		}
		if err := decoder.Decode(&c); err != nil {
			return nil, fmt.Errorf("ctr printed what is not its JSON: %w", err)
		}
		// What the CRI plugin knows besides; a container is one without it, too.
		var cri struct {
			Metadata struct {
				SandboxID string
				Config    struct{ Metadata struct{ Attempt int } }
			}
		}
		_ = json.Unmarshal(c.Extensions["io.cri-containerd.container.metadata"].Value, &cri)
		containers = append(containers, Container{
			ID:        c.ID,
			PodID:     cri.Metadata.SandboxID,
			Running:   running[c.ID],
			Attempt:   cri.Metadata.Config.Metadata.Attempt,
			Created:   c.CreatedAt,
			Name:      c.Labels["io.kubernetes.container.name"],
			Pod:       c.Labels["io.kubernetes.pod.name"],
			Namespace: c.Labels["io.kubernetes.pod.namespace"],
		})
	}
	return newestFirst(containers), nil
}

func ctrArguments(out []byte) ([]string, error) {
	var c struct{ Spec ociSpec }
	err := decode(out, ctr, &c)
	return c.Spec.Process.Args, err
}

// fullReference is the name under which the CRI plugin keeps an image that a manifest calls by a short one:
// docker.io's, and latest. Of a tag and a digest together it keeps the digest: containerd, pkg/cri/util, and
// github.com/distribution/reference.
func fullReference(image string) string {
	name, digest, pinned := strings.Cut(image, "@")
	first, rest, ok := strings.Cut(name, "/")
	switch {
	case !ok:
		name = "docker.io/library/" + name
	case first != "localhost" && !strings.ContainsAny(first, ".:"):
		name = "docker.io/" + name
	case first == "docker.io" && !strings.Contains(rest, "/"):
		name = "docker.io/library/" + rest
	}
	tag := strings.LastIndex(name, ":")
	tagged := tag > strings.LastIndex(name, "/")
	switch {
	case pinned && tagged:
		return name[:tag] + "@" + digest
	case pinned:
		return name + "@" + digest
	case tagged:
		return name
	}
	return name + ":latest"
}
