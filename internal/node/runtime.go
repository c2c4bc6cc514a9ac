package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What a look at a master may miss altogether.
var (
	ErrNoManifestDir = errors.New("no static pod folder")
	ErrNoRuntime     = errors.New("no container runtime client")
	ErrStillRunning  = errors.New("etcd's container still runs")
	ErrNotStarted    = errors.New("no new etcd container")
)

// Runtime is how the container runtime is reached on a master.
type Runtime struct {
	Endpoint string // the CRI socket, as the kubelet has it
}

// Container is a container of the runtime, by the labels the kubelet gives it.
type Container struct {
	ID        string
	Name      string // io.kubernetes.container.name
	Pod       string
	Namespace string
	PodID     string // sandbox
	Running   bool
	Attempt   int
	Created   time.Time
}

// runtimeScript finds the runtime's client and lists the containers.
const runtimeScript = `
[ -n "$endpoint" ] || endpoint=unix:///run/containerd/containerd.sock
# What crictl says besides (it warns when it has no configuration file) is kept apart from its JSON.
if out=$(crictl -r "$endpoint" ps -a -o json 2>/dev/null); then text runtime "$endpoint"; text containers "$out"; else text noruntime "$(crictl -r "$endpoint" ps -a 2>&1)"; fi
`

func parseContainers(out []byte) ([]Container, error) {
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
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, fmt.Errorf("crictl printed what is not its JSON: %w", err)
	}
	var containers []Container
	for _, c := range list.Containers {
		ns, _ := strconv.ParseInt(c.CreatedAt, 10, 64)
		containers = append(containers, Container{
			ID: c.ID, PodID: c.PodSandboxID, Running: c.State == "CONTAINER_RUNNING", Attempt: c.Metadata.Attempt, Created: time.Unix(0, ns),
			Name: c.Labels["io.kubernetes.container.name"], Pod: c.Labels["io.kubernetes.pod.name"], Namespace: c.Labels["io.kubernetes.pod.namespace"],
		})
	}
	slices.SortStableFunc(containers, func(a, b Container) int { return b.Created.Compare(a.Created) })
	return containers, nil
}

// Workload is a static pod's container as the kubelet labels it. The container's name alone may be another pod's, too.
type Workload struct {
	Namespace string
	Pod       string // metadata.name in the manifest; the kubelet adds "-" and the node's name
	Container string
}

// Is tells whether a container is this one.
func (w Workload) Is(c Container) bool {
	return c.Name == w.Container && c.Namespace == w.Namespace && strings.HasPrefix(c.Pod, w.Pod+"-")
}

// Containers lists the containers of a workload, newest first.
func (n *Node) Containers(ctx context.Context, rt Runtime, w Workload) ([]Container, error) {
	out, err := n.run(ctx, `crictl -r "$1" ps -a --label io.kubernetes.container.name="$2" --label io.kubernetes.pod.namespace="$3" -o json 2>/dev/null || { crictl -r "$1" ps -a; exit 1; }`,
		rt.Endpoint, w.Container, w.Namespace)
	if err != nil {
		return nil, fmt.Errorf("listing the containers of %s: %w", n.Name, err)
	}
	all, err := parseContainers(out)
	return slices.DeleteFunc(all, func(c Container) bool { return !w.Is(c) }), err
}

// waitFunctions poll the runtime on the master itself: an event is seen at once, whatever the round trip from here. A runtime that does not
// answer is no proof of anything: they fail then.
const waitFunctions = `endpoint=$1; namespace=$2; pod=$3; name=$4
ids() { grep -o '"id": *"[0-9a-f]*"' | grep -o '[0-9a-f]\{12,\}'; }
containers() {
  out=$(crictl -r "$endpoint" ps --label io.kubernetes.container.name="$name" --label io.kubernetes.pod.namespace="$namespace" -o json 2>/dev/null) || return 1
  case $out in *"\"$pod-"*) printf '%s' "$out" | ids;; esac
  return 0
}
sandboxes() {
  out=$(crictl -r "$endpoint" pods --state ready --label io.kubernetes.pod.namespace="$namespace" --name "^$pod-" -o json 2>/dev/null) || return 1
  printf '%s' "$out" | ids
  return 0
}
`

// exitLeft is the exit code of a wait whose event did not come.
const exitLeft = 75

// AwaitStopped waits until the runtime has neither a running container of a workload nor a sandbox for one: between two attempts of a crash
// loop there is no container, and the sandbox is there until the kubelet has seen the manifest go. After patience the runtime is asked to
// stop what is left: a kubelet that was restarted while the API is down forgets a static pod whose file went (kubernetes#112814).
// ErrStillRunning after that, or when the runtime does not answer.
func (n *Node) AwaitStopped(ctx context.Context, rt Runtime, w Workload, patience time.Duration) error {
	_, err := n.run(ctx, tether+waitFunctions+`
deadline=$(($(date +%s) + $5)); helped=
while :; do
  answers=yes; c=$(containers) || answers=; p=$(sandboxes) || answers=
  if [ -n "$answers" ] && [ -z "$c$p" ]; then exit 0; fi
  if [ "$(date +%s)" -ge "$deadline" ]; then
    [ -n "$answers" ] && [ -z "$helped" ] || exit 75
    for id in $c; do crictl -r "$endpoint" stop "$id" >&2; done
    for id in $p; do crictl -r "$endpoint" stopp "$id" >&2; done
    helped=yes; deadline=$(($(date +%s) + 30))
  fi
  sleep 0.05
done`, rt.Endpoint, w.Namespace, w.Pod, w.Container, seconds(patience))
	if exitCode(err) == exitLeft {
		return fmt.Errorf("%w on %s, or its runtime does not answer, %s after its manifest went and after crictl stop", ErrStillRunning, n.Name, patience)
	}
	return err
}

// AwaitStarted waits for a running container of a workload that is none of the known ones, and returns its ID. ErrNotStarted when none
// comes within patience.
func (n *Node) AwaitStarted(ctx context.Context, rt Runtime, w Workload, known []Container, patience time.Duration) (string, error) {
	args := []string{rt.Endpoint, w.Namespace, w.Pod, w.Container, seconds(patience)}
	for _, c := range known {
		args = append(args, c.ID)
	}
	out, err := n.run(ctx, tether+waitFunctions+`
deadline=$(($(date +%s) + $5)); shift 5; known=" $* "
while :; do
  for id in $(containers); do case $known in *" $id "*) ;; *) echo "$id"; exit 0;; esac; done
  [ "$(date +%s)" -lt "$deadline" ] || exit 75
  sleep 0.05
done`, args...)
	if exitCode(err) == exitLeft {
		return "", fmt.Errorf("%w on %s within %s of its manifest being put in", ErrNotStarted, n.Name, patience)
	}
	return strings.TrimSpace(string(out)), err
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// ContainerLog gives the last lines that a container wrote.
func (n *Node) ContainerLog(ctx context.Context, rt Runtime, id string, lines int) (string, error) {
	out, err := n.run(ctx, `crictl -r "$1" logs --tail "$2" "$3" 2>&1`, rt.Endpoint, strconv.Itoa(lines), id)
	return string(out), err
}
