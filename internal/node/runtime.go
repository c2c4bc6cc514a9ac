package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
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

func newestFirst(all []Container) []Container {
	slices.SortStableFunc(all, func(a, b Container) int { return b.Created.Compare(a.Created) })
	return all
}

// Workload is a static pod's container as the kubelet labels it. The container's name alone may be another pod's, too.
type Workload struct {
	Namespace string
	Pod       string // metadata.name in the manifest; the kubelet adds "-" and the node's name
	Container string
	Others    []string // pods whose names begin as its own and that are known to be something else

	KeepKubelet bool // as it is: it would not come back if it were started anew
}

// Is tells whether a container is this one.
func (w Workload) Is(c Container) bool {
	return c.Name == w.Container && c.Namespace == w.Namespace && strings.HasPrefix(c.Pod, w.Pod+"-") &&
		!slices.Contains(w.Others, c.Pod)
}

// Containers lists the containers of a workload, newest first.
func (n *Node) Containers(ctx context.Context, rt Runtime, w Workload) ([]Container, error) {
	out, err := n.run(ctx, rt.script(w, "list"))
	if err != nil {
		return nil, fmt.Errorf("listing the containers of %s: %w", n.Name, err)
	}
	all, err := rt.parseContainers(out)
	return slices.DeleteFunc(all, func(c Container) bool { return !w.Is(c) }), err
}

// Known gives the IDs of a workload's containers, running and ended. There may be some of other workloads among them.
func (n *Node) Known(ctx context.Context, rt Runtime, w Workload) ([]string, error) {
	out, err := n.run(ctx, rt.script(w, "known"))
	if err != nil {
		return nil, fmt.Errorf("listing the containers of %s: %w", n.Name, err)
	}
	return strings.Fields(string(out)), nil
}

// Others are the pods whose names begin as a workload's and that are something else: those that were seen with other
// containers only, such as etcd-backup-m1 or etcd-exporter-x7k2p, and those of other manifests, of which the names in
// the files are given, such as etcd-events. The name that this host gives the workload's own pod is not among them,
// whatever is in it.
func (p *Pods) Others(w Workload, manifests ...string) []string {
	host := "-" + strings.ToLower(p.HostName)
	manifests = slices.DeleteFunc(manifests, func(name string) bool { return !strings.HasPrefix(name, w.Pod+"-") })
	own := map[string]bool{}
	for _, name := range manifests {
		own[name+host] = false
	}
	for _, c := range p.Containers {
		if c.Namespace != w.Namespace || !strings.HasPrefix(c.Pod, w.Pod+"-") {
			continue
		}
		other := slices.ContainsFunc(manifests, func(name string) bool { return strings.HasPrefix(c.Pod, name+"-") })
		own[c.Pod] = own[c.Pod] || c.Name == w.Container && !other || c.Pod == w.Pod+host
	}
	maps.DeleteFunc(own, func(_ string, is bool) bool { return is })
	return slices.Sorted(maps.Keys(own))
}

// exitLeft is the exit code of a wait whose event did not come.
const exitLeft = 75

// AwaitStopped waits until the runtime has neither a running container of a workload nor a sandbox for one: between two
// attempts of a crash loop there is no container, and the sandbox is there until the kubelet has seen the manifest go.
// After patience the runtime is asked to stop what is left and the kubelet is started anew, twice at most.
// ErrStillRunning after that, or when the runtime does not answer.
func (n *Node) AwaitStopped(ctx context.Context, rt Runtime, w Workload, patience time.Duration) error {
	return n.awaitNone(ctx, "left", rt, w, patience)
}

// AwaitEnded is as AwaitStopped, for the containers alone. Until AwaitStopped says so as well the kubelet might start
// another one.
func (n *Node) AwaitEnded(ctx context.Context, rt Runtime, w Workload, patience time.Duration) error {
	return n.awaitNone(ctx, "running", rt, w, patience)
}

// rescan is how often a kubelet reads its folder even if nothing told it of a change (fileCheckFrequency). One that was
// not started anew may until then bring back what the runtime was asked to stop.
const rescan = 21 * time.Second

// awaitNone waits on the master itself, as AwaitStarted does: an event is seen at once, whatever the round trip from
// here.
func (n *Node) awaitNone(ctx context.Context, function string, rt Runtime, w Workload, patience time.Duration) error {
	text := script("tether") + rt.script(w, "fresh_kubelet", "processes", "nap", "await_none")
	out, err := n.change(ctx, text, function, seconds(patience), seconds(rescan))
	if exitCode(err) == exitLeft {
		if len(out) == 0 {
			return fmt.Errorf("%w on %s, as far as can be told: its runtime does not answer", ErrStillRunning, n.Name)
		}
		return fmt.Errorf(
			"%w on %s, in a pod whose name begins with %s-, %s after its manifest went %s",
			ErrStillRunning,
			n.Name,
			w.Pod,
			patience,
			out,
		)
	}
	return err
}

// Started is a container that was seen to start.
type Started struct {
	ID   string
	Args []string // with which it really runs; nil where the runtime does not tell
}

// startHelp is when a kubelet is started anew that has not started a pod: one of the same name is waited for and looked
// for again every 10 s, so that two of these are normal.
const startHelp = 30 * time.Second

// AwaitStarted waits for a running container of a workload that is none of the known ones. When none comes, the kubelet
// is started anew once, which ends its waiting: for an earlier pod, or for the time that it keeps a crashed one down.
// ErrNotStarted when none comes within patience.
func (n *Node) AwaitStarted(
	ctx context.Context,
	rt Runtime,
	w Workload,
	known []string,
	patience time.Duration,
) (*Started, error) {
	args := append([]string{seconds(patience), seconds(startHelp)}, known...)
	text := script("tether") + rt.script(w, "fresh_kubelet", "nap", "await_started")
	out, err := n.change(ctx, text, args...)
	if exitCode(err) == exitLeft {
		return nil, fmt.Errorf("%w on %s within %s of its manifest being put in", ErrNotStarted, n.Name, patience)
	}
	if err != nil {
		return nil, err
	}
	records, err := parseParts(out)
	if err != nil {
		return nil, err
	}
	started := &Started{}
	for _, r := range records {
		started.ID, started.Args = r.field(0), rt.arguments([]byte(r.field(1)))
	}
	return started, nil
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// ContainerLog gives the last lines that a container wrote.
func (n *Node) ContainerLog(ctx context.Context, rt Runtime, id string, lines int) (string, error) {
	out, err := n.run(ctx, rt.script(Workload{}, "container_log"), strconv.Itoa(lines), id)
	return string(out), err
}
