# shellcheck shell=sh
# use_crictl defines functions that ask through the CRI, as the kubelet does: of containerd, CRI-O or cri-dockerd.
# client.go says what each of them does, and which variables they read.
# shellcheck disable=SC2154 # socket, namespace, pod, name and others are set in Go or in discover.sh
# shellcheck disable=SC2317 # the functions are called in the scripts that come after
use_crictl() {
	cri() { crictl -r "unix://$socket" "$@"; }
	list() { cri ps -a ${name:+"--label=io.kubernetes.container.name=$name"} -o json; }
	# One object a line: labels come after the ID.
	objects() { { tr -d ' \n'; echo; } | sed 's/"id":"/\
/g' | tail -n +2; }
	# Leaves the objects out that are known to be another pod's.
	without_others() {
		others=$others awk '
			BEGIN { n = split(ENVIRON["others"], other, " ") }
			{
				for (i = 1; i <= n; i++) if (index($0, "\"io.kubernetes.pod.name\":\"" other[i] "\"")) next
				print
			}'
	}
	known() {
		cri ps -a -q --label "io.kubernetes.container.name=$name" --label "io.kubernetes.pod.namespace=$namespace"
	}
	running() {
		out=$(cri ps --label "io.kubernetes.container.name=$name" \
			--label "io.kubernetes.pod.namespace=$namespace" -o json 2>/dev/null) || return 1
		printf '%s' "$out" | objects | without_others | pod=$pod awk '
			index($0, "\"io.kubernetes.pod.name\":\"" ENVIRON["pod"] "-") { sub(/".*/, ""); print }'
	}
	sandboxes() {
		out=$(cri pods --state ready --label "io.kubernetes.pod.namespace=$namespace" \
			--name "^$pod-" -o json 2>/dev/null) || return 1
		printf '%s' "$out" | objects | without_others | sed 's/".*//'
	}
	left() { running && sandboxes; }
	inspect() { cri inspect "$1"; }
	stop_container() { cri stop --timeout 30 "$1"; }
	stop_sandbox() { cri stopp "$1"; }
	missing_images() { for i; do cri inspecti -q "$i" >/dev/null 2>&1 || printf '%s ' "$i"; done; }
	pause_image() { cri info 2>/dev/null | sed -n 's/.*"sandboxImage": *"\([^"]*\)".*/\1/p' | head -n 1; }
	container_log() { cri logs --tail "$1" "$2" 2>&1; }
}
