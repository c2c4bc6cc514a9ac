package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// useCtr asks containerd past its CRI plugin, with the client that every containerd package has. It waits for ever if
// it is not told otherwise. Filters: containerd, pkg/filters; what any of several filters lets through is listed.
const useCtr = `use_ctr() {
  k8s() { ctr --connect-timeout 3s --timeout 60s -a "$socket" -n k8s.io "$@"; }
  filter() {
    filter="labels.\"io.cri-containerd.kind\"==$1"
    [ -z "$namespace" ] || filter="$filter,labels.\"io.kubernetes.pod.namespace\"==\"$namespace\""
    [ -z "$pod" ] || filter="$filter,labels.\"io.kubernetes.pod.name\"~=\"^$(printf '%s' "$pod" | sed 's/[.]/[.]/g')-\""
    [ -z "$name" ] || [ "$1" = sandbox ] || filter="$filter,labels.\"io.kubernetes.container.name\"==\"$name\""
    for other in $others; do filter="$filter,labels.\"io.kubernetes.pod.name\"!=\"$other\""; done
    printf '%s' "$filter"
  }
  kind() { k8s containers ls -q "$(filter "$1")"; }
  # Of these, the ones with a process. A state that is not known is no proof of an end.
  live() {
    [ $# -gt 0 ] || return 0
    tasks=$(k8s tasks ls) || return 1
    printf '%s\n' "$tasks" | wanted=" $* " awk '$3 != "STOPPED" && index(ENVIRON["wanted"], " " $1 " ") { print $1 }'
  }
  list() {
    all=$(kind container) || return 1
    for id in $all; do # one may go meanwhile
      k8s containers info "$id" || { now=$(kind container) || return 1; case $now in *"$id"*) return 1;; esac; }
    done
    k8s tasks ls
  }
  known() { kind container; }
  running() { all=$(kind container) || return 1; live $all; }
  sandboxes() { all=$(kind sandbox) || return 1; live $all; }
  left() { all=$(k8s containers ls -q "$(filter container)" "$(filter sandbox)") || return 1; live $all; }
  inspect() { k8s containers info "$1"; }
  stop_container() {
    k8s tasks kill -s SIGTERM "$1"
    end=$(($(date +%s) + 30))
    while [ -n "$(live "$1")" ]; do
      if [ "$(date +%s)" -ge "$end" ]; then k8s tasks kill -s SIGKILL "$1"; break; fi
      sleep 0.2
    done
  }
  stop_sandbox() { stop_container "$1"; }
  missing_images() {
    wanted=$* # any of the filters lets an image through
    for i; do shift; set -- "$@" "name==\"$i\""; done
    there=" $(k8s images ls -q "$@" | tr '\n' ' ')"
    for i in $wanted; do case $there in *" $i "*) ;; *) printf '%s ' "$i";; esac; done
  }
  pause_image() {
    [ "$socket" = /run/containerd/containerd.sock ] || return 0
    sed -n 's/^[[:space:]]*sandbox\(_image\)\{0,1\}[[:space:]]*=[[:space:]]*["'\'']\([^"'\'']*\)["'\''].*/\2/p' /etc/containerd/config.toml 2>/dev/null | head -n 1
  }
  # ctr has no logs. Where the kubelet wants them, the CRI plugin keeps with the container.
  container_log() {
    log=$(k8s containers info "$2" | awk '/"io.cri-containerd.container.metadata"/ { found = 1 } found && /"value"/ { gsub(/^.*: *"|".*$/, ""); print; exit }' |
      base64 -d | sed -n 's/.*"LogPath":"\([^"]*\)".*/\1/p')
    [ -f "$log" ] || { echo "containerd names no log file of container $2 that is there: $log"; return 1; }
    # Time, stream, P for a part of a line or F, text.
    tail -n "$1" "$log" | awk '{ part = $3 ~ /^P/; sub(/^[^ ]* [^ ]* [^ ]* /, ""); if (part) printf "%s", $0; else print }'
  }
}
`

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
