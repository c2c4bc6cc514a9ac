package node

import (
	"strconv"
	"time"
)

// useCrictl asks through the CRI, as the kubelet does: of containerd, CRI-O or cri-dockerd.
const useCrictl = `use_crictl() {
  cri() { crictl -r "unix://$socket" "$@"; }
  list() { cri ps -a ${name:+"--label=io.kubernetes.container.name=$name"} -o json; }
  # One object a line: labels come after the ID.
  objects() { { tr -d ' \n'; echo; } | sed 's/"id":"/\
/g' | tail -n +2; }
  known() { cri ps -a -q --label "io.kubernetes.container.name=$name" --label "io.kubernetes.pod.namespace=$namespace"; }
  running() {
    out=$(cri ps --label "io.kubernetes.container.name=$name" --label "io.kubernetes.pod.namespace=$namespace" -o json 2>/dev/null) || return 1
    printf '%s' "$out" | objects | pod=$pod awk 'index($0, "\"io.kubernetes.pod.name\":\"" ENVIRON["pod"] "-") { sub(/".*/, ""); print }'
  }
  sandboxes() {
    out=$(cri pods --state ready --label "io.kubernetes.pod.namespace=$namespace" --name "^$pod-" -o json 2>/dev/null) || return 1
    printf '%s' "$out" | objects | others=$others awk '
      BEGIN { n = split(ENVIRON["others"], other, " ") }
      { for (i = 1; i <= n; i++) if (index($0, "\"io.kubernetes.pod.name\":\"" other[i] "\"")) next; sub(/".*/, ""); print }'
  }
  left() { running && sandboxes; }
  inspect() { cri inspect "$1"; }
  stop_container() { cri stop --timeout 30 "$1"; }
  stop_sandbox() { cri stopp "$1"; }
  missing_images() { for i; do cri inspecti -q "$i" >/dev/null 2>&1 || printf '%s ' "$i"; done; }
  pause_image() { cri info 2>/dev/null | sed -n 's/.*"sandboxImage": *"\([^"]*\)".*/\1/p' | head -n 1; }
  container_log() { cri logs --tail "$1" "$2" 2>&1; }
}
`

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
