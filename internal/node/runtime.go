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
if out=$(crictl -r "$endpoint" ps -a -o json 2>&1); then text runtime "$endpoint"; text containers "$out"; else text noruntime "$out"; fi
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

// Containers lists the containers of that name, newest first.
func (n *Node) Containers(ctx context.Context, rt Runtime, name string) ([]Container, error) {
	out, err := n.run(ctx, `crictl -r "$1" ps -a --label io.kubernetes.container.name="$2" -o json`, rt.Endpoint, name)
	if err != nil {
		return nil, fmt.Errorf("listing the containers of %s: %w", n.Name, err)
	}
	return parseContainers(out)
}

// waitFunctions poll the runtime on the master itself: an event is seen at once, whatever the round trip from here.
const waitFunctions = `running() { crictl -r "$1" ps --label io.kubernetes.container.name="$2" -o json | grep -o '"id": *"[0-9a-f]*"' | grep -o '[0-9a-f]\{12,\}'; }
`

// AwaitStopped waits until no container of that name runs. After patience the runtime is asked to stop what is left: a kubelet that was
// restarted while the API is down forgets a static pod whose file went (kubernetes#112814). ErrStillRunning after that.
func (n *Node) AwaitStopped(ctx context.Context, rt Runtime, name string, patience time.Duration) error {
	_, err := n.run(ctx, tether+waitFunctions+`
deadline=$(($(date +%s) + $3)); helped=
while ids=$(running "$1" "$2"); [ -n "$ids" ]; do
  if [ "$(date +%s)" -ge "$deadline" ]; then
    [ -z "$helped" ] || exit 75
    for id in $ids; do crictl -r "$1" stop "$id" >&2; done
    helped=yes; deadline=$(($(date +%s) + 30))
  fi
  sleep 0.05
done`, rt.Endpoint, name, strconv.Itoa(int(patience.Seconds())))
	if exitCode(err) == 75 {
		return fmt.Errorf("%w on %s, %s after its manifest went and after crictl stop", ErrStillRunning, n.Name, patience)
	}
	return err
}

// AwaitStarted waits for a running container of that name that is none of the known ones, and returns its ID. ErrNotStarted when none
// comes within patience.
func (n *Node) AwaitStarted(ctx context.Context, rt Runtime, name string, known []Container, patience time.Duration) (string, error) {
	args := []string{rt.Endpoint, name, strconv.Itoa(int(patience.Seconds()))}
	for _, c := range known {
		args = append(args, c.ID)
	}
	out, err := n.run(ctx, tether+waitFunctions+`
endpoint=$1; name=$2; deadline=$(($(date +%s) + $3)); shift 3; known=" $* "
while :; do
  for id in $(running "$endpoint" "$name"); do case $known in *" $id "*) ;; *) echo "$id"; exit 0;; esac; done
  [ "$(date +%s)" -lt "$deadline" ] || exit 75
  sleep 0.05
done`, args...)
	if exitCode(err) == 75 {
		return "", fmt.Errorf("%w on %s within %s of its manifest being put in", ErrNotStarted, n.Name, patience)
	}
	return strings.TrimSpace(string(out)), err
}

// ContainerLog gives the last lines that a container wrote.
func (n *Node) ContainerLog(ctx context.Context, rt Runtime, id string, lines int) (string, error) {
	out, err := n.run(ctx, `crictl -r "$1" logs --tail "$2" "$3" 2>&1`, rt.Endpoint, strconv.Itoa(lines), id)
	return string(out), err
}
