package node

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// Runtime is how the container runtime is reached on a master.
type Runtime struct {
	Client   string // the program: crictl, ctr or docker; crictl when empty
	Endpoint string // the socket, as a URL
}

// The programs that can be there. Each has a file with its shell functions, which all do the same, for the socket
// $socket and the workload $namespace, $pod, $name ("" for any), which is in none of the pods $others:
//
//	list             containers as the program prints them, for the reader in Go; narrowed to $name
//	known            IDs of its containers, running and ended, and maybe some of other pods
//	running          IDs of the workload's running containers, one a line
//	sandboxes        IDs of the sandboxes that are ready for it
//	left             both
//	inspect ID       all that is known of a container, for the reader in Go
//	stop_container ID, stop_sandbox ID
//	missing_images REF ...  those of them that are not there, in one line
//	pause_image      the image of sandboxes; nothing where that cannot be told for sure
//	container_log LINES ID
//
// They fail when the runtime does not answer, which is never taken for an empty answer.
const (
	crictl = "crictl"
	ctr    = "ctr"
	docker = "docker"
)

// searchPath has the places where these programs are put besides the system's own; sudo often leaves a short PATH.
const searchPath = `PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin:/opt/bin
`

// discoverScript chooses the runtime's socket and the first program that answers at it, and lists the containers.
const discoverScript = searchPath + useCrictl + useCtr + useDocker + `
namespace=; pod=; name=; others=; socket=${endpoint#unix://}
# A kubelet up to 1.23 that was not told of another runtime has Docker's, by way of a socket of its own. Docker brings a containerd along, in
# which there is nothing of Kubernetes, so it is asked for first.
dockershim() {
  flag container-runtime; [ "$value" != remote ] && [ -S /var/run/docker.sock ] || return 1
  [ ! -S /var/run/dockershim.sock ] || return 0
  docker -H unix:///var/run/docker.sock ps -q --filter label=io.kubernetes.docker.type=podsandbox 2>/dev/null | grep -q .
}
if [ -n "$socket" ]; then :
elif dockershim; then socket=/var/run/docker.sock
elif [ ! -S /run/containerd/containerd.sock ] && [ -S /var/run/crio/crio.sock ]; then socket=/var/run/crio/crio.sock
elif [ ! -S /run/containerd/containerd.sock ] && [ -S /var/run/docker.sock ]; then socket=/var/run/docker.sock
else socket=/run/containerd/containerd.sock
fi
# crictl cannot tell the arguments of Docker's containers, so docker itself goes first there.
case $socket in
  */docker.sock) clients=docker;;
  *dockershim.sock) clients=docker; socket=/var/run/docker.sock;;
  *cri-dockerd*) clients='docker crictl';;
  *crio*) clients=crictl;;
  *) clients='crictl ctr';;
esac
cri=$socket
found=
for client in $clients; do
  socket=$cri
  case $client$cri in docker*cri-dockerd*) socket=/var/run/docker.sock;; esac
  "use_$client"
  # What a program says besides (crictl warns when it has no configuration file) is kept apart from its answer.
  if ! command -v "$client" >/dev/null 2>&1; then text tried "$client" "is not installed"
  elif out=$(list 2>/dev/null); then found=yes; text runtime "$client" "unix://$socket"; text containers "$out"; break
  else text tried "$client" "$(list 2>&1 >/dev/null | head -c 1000)"
  fi
done
[ -n "$found" ] || text noruntime "unix://$cri"
`

// script gives a script the functions to reach the runtime and a workload's containers.
func (rt Runtime) script(w Workload) string {
	client := useCrictl + "use_crictl"
	switch rt.Client {
	case ctr:
		client = useCtr + "use_ctr"
	case docker:
		client = useDocker + "use_docker"
	}
	return searchPath + partFunctions + fmt.Sprintf(
		"socket=%s; namespace=%s; pod=%s; name=%s; others=%s; keep=%s\n",
		ssh.Quote(strings.TrimPrefix(rt.Endpoint, "unix://")),
		ssh.Quote(
			w.Namespace,
		),
		ssh.Quote(w.Pod),
		ssh.Quote(w.Container),
		ssh.Quote(strings.Join(w.Others, " ")),
		map[bool]string{true: "yes"}[w.KeepKubelet],
	) + client + "\n"
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
