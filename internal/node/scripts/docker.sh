# shellcheck shell=sh
# use_docker defines functions that ask Docker, whose containers bear the kubelet's labels by way of dockershim
# (Kubernetes up to 1.23) or cri-dockerd. client.go says what each of them does, and which variables they read.
# shellcheck disable=SC2154 # socket, namespace, pod, name and others are set in Go or in discover.sh
# shellcheck disable=SC2317 # the functions are called in the scripts that come after
use_docker() {
	engine() { docker -H "unix://$socket" "$@"; }
	list() {
		fields='{{.ID}}\t{{.Status}}\t{{.CreatedAt}}'
		for l in io.kubernetes.container.name io.kubernetes.pod.name io.kubernetes.pod.namespace \
			io.kubernetes.sandbox.id annotation.io.kubernetes.container.restartCount; do
			fields="$fields\\t{{.Label \"$l\"}}"
		done
		engine ps -a --no-trunc --filter label=io.kubernetes.docker.type=container \
			${name:+"--filter=label=io.kubernetes.container.name=$name"} --format "$fields"
	}
	known() {
		engine ps -a -q --no-trunc --filter "label=io.kubernetes.container.name=$name" \
			--filter "label=io.kubernetes.pod.namespace=$namespace"
	}
	# of TYPE [CONTAINER]
	of() {
		out=$(engine ps --no-trunc --filter "label=io.kubernetes.docker.type=$1" \
			--filter "label=io.kubernetes.pod.namespace=$namespace" \
			${2:+"--filter=label=io.kubernetes.container.name=$2"} \
			--format '{{.ID}} {{.Label "io.kubernetes.pod.name"}}') || return 1
		printf '%s\n' "$out" | pod=$pod others=" $others " awk '
			index($2, ENVIRON["pod"] "-") == 1 && !index(ENVIRON["others"], " " $2 " ") { print $1 }'
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
