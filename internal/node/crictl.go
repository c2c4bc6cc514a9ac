package node

import (
	"strconv"
	"time"
)

func parseCrictl(out []byte) ([]Container, error) {
	var list struct {
		Containers []struct {
			ID           string `json:"id"`
			PodSandboxID string `json:"podSandboxId"`
			Metadata     struct {
				Attempt int `json:"attempt"`
			} `json:"metadata"`
			State     string            `json:"state"`
			CreatedAt string            `json:"createdAt"`
			Labels    map[string]string `json:"labels"`
		} `json:"containers"`
	}
	if err := decode(out, crictl, &list); err != nil {
		return nil, err
	}
	var containers []Container
	for _, c := range list.Containers {
		ns, _ := strconv.ParseInt(c.CreatedAt, 10, 64)
		containers = append(containers, Container{
			ID:        c.ID,
			PodID:     c.PodSandboxID,
			Running:   c.State == "CONTAINER_RUNNING",
			Attempt:   c.Metadata.Attempt,
			Created:   time.Unix(0, ns),
			Name:      c.Labels["io.kubernetes.container.name"],
			Pod:       c.Labels["io.kubernetes.pod.name"],
			Namespace: c.Labels["io.kubernetes.pod.namespace"],
		})
	}
	return newestFirst(containers), nil
}

// crictlArguments finds them where containerd and CRI-O give their OCI specification. The CRI itself knows of no
// arguments.
func crictlArguments(out []byte) ([]string, error) {
	var c struct {
		Info struct {
			RuntimeSpec ociSpec `json:"runtimeSpec"`
		} `json:"info"`
	}
	err := decode(out, crictl, &c)
	return c.Info.RuntimeSpec.Process.Args, err
}

// ociSpec is what we read of an OCI runtime specification.
type ociSpec struct {
	Process struct {
		Args []string `json:"args"`
	} `json:"process"`
}
