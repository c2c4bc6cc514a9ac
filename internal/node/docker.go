package node

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// useDocker asks Docker, whose containers bear the kubelet's labels by way of dockershim (Kubernetes up to 1.23) or
// cri-dockerd.
const useDocker = `use_docker() {
  engine() { docker -H "unix://$socket" "$@"; }
  list() {
    fields='{{.ID}}\t{{.Status}}\t{{.CreatedAt}}'
    for l in io.kubernetes.container.name io.kubernetes.pod.name io.kubernetes.pod.namespace io.kubernetes.sandbox.id annotation.io.kubernetes.container.restartCount; do
      fields="$fields\\t{{.Label \"$l\"}}"
    done
    engine ps -a --no-trunc --filter label=io.kubernetes.docker.type=container ${name:+"--filter=label=io.kubernetes.container.name=$name"} --format "$fields"
  }
  known() { engine ps -a -q --no-trunc --filter "label=io.kubernetes.container.name=$name" --filter "label=io.kubernetes.pod.namespace=$namespace"; }
  # of TYPE [CONTAINER]
  of() {
    out=$(engine ps --no-trunc --filter "label=io.kubernetes.docker.type=$1" --filter "label=io.kubernetes.pod.namespace=$namespace" \
      ${2:+"--filter=label=io.kubernetes.container.name=$2"} --format '{{.ID}} {{.Label "io.kubernetes.pod.name"}}') || return 1
    printf '%s\n' "$out" | pod=$pod others=" $others " awk 'index($2, ENVIRON["pod"] "-") == 1 && !index(ENVIRON["others"], " " $2 " ") { print $1 }'
  }
  running() { of container "$name"; }
  sandboxes() { of podsandbox; }
  left() { running && sandboxes; }
  inspect() { engine inspect --type container "$1"; }
  stop_container() { engine stop -t 30 "$1"; }
  stop_sandbox() { engine stop -t 30 "$1"; }
  missing_images() { for i; do engine image inspect "$i" >/dev/null 2>&1 || printf '%s ' "$i"; done; }
  pause_image() { :; }
  container_log() { engine logs --tail "$1" "$2" 2>&1; }
}
`

func parseDocker(out []byte) ([]Container, error) {
	var containers []Container
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 8 {
			return nil, fmt.Errorf("docker printed something unexpected: %q", line)
		}
		at, zone := f[2], strings.LastIndex(f[2], " ") // its zone is there as a number and by name
		if zone > 0 {
			at = at[:zone]
		}
		// To the second; docker itself lists the newest first.
		created, err := time.Parse("2006-01-02 15:04:05 -0700", at)
		if err != nil {
			return nil, fmt.Errorf("docker printed something unexpected: %w", err)
		}
		attempt, _ := strconv.Atoi(f[7])
		containers = append(containers, Container{
			ID:        f[0],
			PodID:     f[6],
			Running:   strings.HasPrefix(f[1], "Up"),
			Attempt:   attempt,
			Created:   created,
			Name:      f[3],
			Pod:       f[4],
			Namespace: f[5],
		})
	}
	return newestFirst(containers), nil
}

func dockerArguments(out []byte) ([]string, error) {
	var all []struct {
		Path string
		Args []string
	}
	if err := decode(out, docker, &all); err != nil || len(all) != 1 {
		return nil, err
	}
	return append([]string{all[0].Path}, all[0].Args...), nil
}
