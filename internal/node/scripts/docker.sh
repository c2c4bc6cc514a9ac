# shellcheck shell=sh
# use_docker defines functions that ask Docker, whose containers bear the kubelet's labels by way of dockershim
# (Kubernetes up to 1.23) or cri-dockerd. client.go says what each of them does, and which variables they read and set.
# Exit code: none of its own: it defines functions.
# shellcheck disable=SC2154 # socket, namespace, pod, name and others are set in Go or in discover.sh
# shellcheck disable=SC2034 # out, ids, missing and pause are for those who call
# shellcheck disable=SC2317,SC2329 # the functions are called in the scripts that come after
use_docker() {
	engine() { out=$(docker -H "unix://$socket" "$@"); }
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
			--filter "label=io.kubernetes.pod.namespace=$namespace" && ids=$out
	}
	# of TYPE [CONTAINER]
	of() {
		engine ps --no-trunc --filter "label=io.kubernetes.docker.type=$1" \
			--filter "label=io.kubernetes.pod.namespace=$namespace" \
			${2:+"--filter=label=io.kubernetes.container.name=$2"} \
			--format '{{.ID}} {{.Label "io.kubernetes.pod.name"}}' || return 1
		ids=
		IFS=$nl; set -f
		for container in $out; do
			case ${container#* } in "$pod"-*) ;; *) continue;; esac
			case " $others " in *" ${container#* } "*) ;; *) ids=${ids:+$ids$nl}${container%% *};; esac
		done
		set +f; unset IFS
	}
	running() { of container "$name"; }
	sandboxes() { of podsandbox; }
	left() {
		running || return 1
		containers=$ids
		sandboxes || return 1
		ids=$containers${containers:+${ids:+$nl}}$ids
	}
	inspect() { engine inspect --type container "$1"; }
	stop_container() { engine stop -t 30 "$1"; }
	stop_sandbox() { engine stop -t 30 "$1"; }
	missing_images() { for i; do engine image inspect "$i" 2>/dev/null || missing="$missing$i "; done; }
	pause_image() { :; }
	container_log() { docker -H "unix://$socket" logs --tail "$1" "$2" 2>&1; }
}
