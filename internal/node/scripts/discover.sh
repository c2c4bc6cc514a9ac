# shellcheck shell=sh
# Chooses the runtime's socket and the first program that answers at it, and lists the containers. The functions are
# those of parts.sh, kubelet.sh, crictl.sh, ctr.sh and docker.sh.
#
# Variables: endpoint and runtime, as kubelet.sh leaves them.
# Records:   runtime PROGRAM URL, containers LIST; tried PROGRAM WHY for each that does not answer; noruntime URL.
# Exit code: 0, also where nothing answers.
# shellcheck disable=SC2154 # endpoint and runtime are set in kubelet.sh, out by the function list
# shellcheck disable=SC2034 # the functions of crictl.sh, ctr.sh and docker.sh read the variables that are set first
namespace=; pod=; name=; others=
socket=${endpoint#unix://}
# A kubelet up to 1.23 that was not told of another runtime has Docker's, by way of a socket of its own. Docker brings a
# containerd along, in which there is nothing of Kubernetes, so it is asked for first.
dockershim() {
	[ "$runtime" != remote ] && [ -S /var/run/docker.sock ] || return 1
	[ ! -S /var/run/dockershim.sock ] || return 0
	out=$(docker -H unix:///var/run/docker.sock ps -q --filter label=io.kubernetes.docker.type=podsandbox 2>/dev/null)
	[ -n "$out" ]
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
	elif list 2>/dev/null; then
		found=yes; text runtime "$client" "unix://$socket"; text containers "$out"; break
	else text tried "$client" "$(list 2>&1 >/dev/null | head -c 1000)"
	fi
done
[ -n "$found" ] || text noruntime "unix://$cri"
