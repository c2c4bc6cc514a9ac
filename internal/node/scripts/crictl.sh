# shellcheck shell=sh
# use_crictl defines functions that ask through the CRI, as the kubelet does: of containerd, CRI-O or cri-dockerd.
# client.go says what each of them does, and which variables they read and set.
# Exit code: none of its own: it defines functions.
# shellcheck disable=SC2154 # socket, namespace, pod, name and others are set in Go or in discover.sh
# shellcheck disable=SC2034 # out, ids, missing and pause are for those who call
# shellcheck disable=SC2317,SC2329 # the functions are called in the scripts that come after
use_crictl() {
	cri() { out=$(crictl -r "unix://$socket" "$@"); }
	list() { cri ps -a ${name:+"--label=io.kubernetes.container.name=$name"} -o json; }
	# each FUNCTION calls it with each key in the JSON in $out that has a string, and with the string. Of what lies
	# between quotes, that is what comes before and after a colon. A quote within a string leaves a \ before it.
	each() {
		before=; last=
		IFS='"'; set -f
		for token in $out; do
			case $last in *[!:\ "$nl"]*) ;; *:*) "$1" "$before" "$token";; esac
			before=$last; last=$token
		done
		set +f; unset IFS
	}
	# Labels come after the ID. Objects that are known to be another pod's are left out.
	object() {
		case $1 in
			id) belongs; id=$2; of=;;
			io.kubernetes.pod.name) of=$2;;
		esac
	}
	belongs() {
		case $of in "$begins"*) ;; *) return 0;; esac
		[ -z "$of" ] || case " $others " in *" $of "*) return 0;; esac
		[ -z "$id" ] || ids=${ids:+$ids$nl}$id
	}
	# those_of BEGINNING sets ids from the answer in $out.
	those_of() { begins=$1; ids=; id=; of=; each object; belongs; }
	known() {
		cri ps -a -q --label "io.kubernetes.container.name=$name" --label "io.kubernetes.pod.namespace=$namespace" &&
			ids=$out
	}
	running() {
		cri ps --label "io.kubernetes.container.name=$name" \
			--label "io.kubernetes.pod.namespace=$namespace" -o json 2>/dev/null || return 1
		those_of "$pod-"
	}
	sandboxes() {
		cri pods --state ready --label "io.kubernetes.pod.namespace=$namespace" \
			--name "^$pod-" -o json 2>/dev/null || return 1
		those_of ""
	}
	left() {
		running || return 1
		containers=$ids
		sandboxes || return 1
		ids=$containers${containers:+${ids:+$nl}}$ids
	}
	inspect() { cri inspect "$1"; }
	stop_container() { cri stop --timeout 30 "$1"; }
	stop_sandbox() { cri stopp "$1"; }
	missing_images() { for i; do cri inspecti -q "$i" 2>/dev/null || missing="$missing$i "; done; }
	sandbox_image() { [ "$1" != sandboxImage ] || [ -n "$pause" ] || pause=$2; }
	pause_image() { cri info 2>/dev/null; each sandbox_image; }
	container_log() { crictl -r "unix://$socket" logs --tail "$1" "$2" 2>&1; }
}
