package node

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Runtime is how the container runtime is reached on a master.
type Runtime struct {
	Client   string // the program: crictl, ctr or docker; crictl when empty
	Endpoint string // the socket, as a URL
}

// The programs that can be there. Each has a script with its shell functions, which all do the same, for the socket
// $socket and the workload $namespace, $pod, $name ("" for any), which is in none of the pods $others. They set a
// variable, since to print what another command reads would need a process more:
//
//	list             out: containers as the program prints them, for the reader in Go; narrowed to $name
//	known            ids: of its containers, running and ended, and maybe some of other pods
//	running          ids: of the workload's running containers, one a line
//	sandboxes        ids: of the sandboxes that are ready for it
//	left             ids: both
//	inspect ID       out: all that is known of a container, for the reader in Go
//	stop_container ID, stop_sandbox ID
//	missing_images REF ...  missing: those of them that are not there are added, a space behind each
//	pause_image      pause: the image of sandboxes; left as it is where that cannot be told for sure
//	container_log LINES ID  prints it
//
// They fail when the runtime does not answer, which is never taken for an empty answer.
const (
	crictl = "crictl"
	ctr    = "ctr"
	docker = "docker"
)

// script returns a script with the functions to reach the runtime and a workload's containers.
func (rt Runtime) script(w Workload, names ...string) string {
	client := crictl
	if rt.Client == ctr || rt.Client == docker {
		client = rt.Client
	}
	return assign(
		"client", client,
		"socket", strings.TrimPrefix(rt.Endpoint, "unix://"),
		"namespace", w.Namespace,
		"pod", w.Pod,
		"name", w.Container,
		"others", strings.Join(w.Others, " "),
		"keep", map[bool]string{true: "yes"}[w.KeepKubelet],
	) + script("path", "parts", client, "use") + script(names...)
}

// ByHand tells an operator how to look at the containers and stop one.
func (rt Runtime) ByHand() string {
	switch rt.Client {
	case ctr:
		return "ctr -n k8s.io tasks ls, ctr -n k8s.io tasks kill"
	case docker:
		return "docker ps, docker stop"
	}
	return "crictl ps, crictl stop"
}

// parseContainers reads what list prints. The newest comes first.
func (rt Runtime) parseContainers(out []byte) ([]Container, error) {
	switch rt.Client {
	case ctr:
		return parseCtr(out)
	case docker:
		return parseDocker(out)
	}
	return parseCrictl(out)
}

// arguments reads what inspect prints: the command line of a container, nil where it is not told.
func (rt Runtime) arguments(out []byte) []string {
	var args []string
	var err error
	switch rt.Client {
	case ctr:
		args, err = ctrArguments(out)
	case docker:
		args, err = dockerArguments(out)
	default:
		args, err = crictlArguments(out)
	}
	if err != nil {
		return nil // the container may have gone meanwhile
	}
	return args
}

// noRuntime says of each program that was tried what it printed.
func noRuntime(master, endpoint string, tried []string) error {
	err := fmt.Errorf("%w on %s answers at %s: %s", ErrNoRuntime, master, endpoint, strings.Join(tried, "; "))
	if strings.Contains(endpoint, "crio") {
		err = fmt.Errorf(
			"%w. CRI-O can be asked by crictl alone, which its packages bring along as cri-tools: install it, then "+
				"plan again",
			err,
		)
	}
	return err
}

func decode(out []byte, what string, to any) error {
	if err := json.Unmarshal(out, to); err != nil {
		return fmt.Errorf("%s printed what is not its JSON: %w", what, err)
	}
	return nil
}
