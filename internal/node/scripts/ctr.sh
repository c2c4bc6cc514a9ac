# shellcheck shell=sh
# use_ctr defines functions that ask containerd past its CRI plugin, with the client that every containerd package has.
# It waits for ever if it is not told otherwise. Filters: containerd, pkg/filters; what any of several filters lets
# through is listed. client.go says what each function does, and which variables they read.
# shellcheck disable=SC2154 # socket, namespace, pod, name and others are set in Go or in discover.sh
# shellcheck disable=SC2317 # the functions are called in the scripts that come after
# shellcheck disable=SC2086 # IDs are words of letters and digits, and "$all" is a list of them
use_ctr() {
	k8s() { ctr --connect-timeout 3s --timeout 60s -a "$socket" -n k8s.io "$@"; }
	filter() {
		filter="labels.\"io.cri-containerd.kind\"==$1"
		[ -z "$namespace" ] || filter="$filter,labels.\"io.kubernetes.pod.namespace\"==\"$namespace\""
		if [ -n "$pod" ]; then
			begins=$(printf '%s' "$pod" | sed 's/[.]/[.]/g')
			filter="$filter,labels.\"io.kubernetes.pod.name\"~=\"^$begins-\""
		fi
		[ -z "$name" ] || [ "$1" = sandbox ] || filter="$filter,labels.\"io.kubernetes.container.name\"==\"$name\""
		for other in $others; do filter="$filter,labels.\"io.kubernetes.pod.name\"!=\"$other\""; done
		printf '%s' "$filter"
	}
	kind() { k8s containers ls -q "$(filter "$1")"; }
	# Of these, the ones with a process. A state that is not known is no proof of an end.
	live() {
		[ $# -gt 0 ] || return 0
		tasks=$(k8s tasks ls) || return 1
		printf '%s\n' "$tasks" | wanted=" $* " awk '
			$3 != "STOPPED" && index(ENVIRON["wanted"], " " $1 " ") { print $1 }'
	}
	list() {
		all=$(kind container) || return 1
		for id in $all; do
			# It may go meanwhile.
			k8s containers info "$id" || { now=$(kind container) || return 1; case $now in *"$id"*) return 1;; esac; }
		done
		k8s tasks ls
	}
	known() { kind container; }
	running() { all=$(kind container) || return 1; live $all; }
	sandboxes() { all=$(kind sandbox) || return 1; live $all; }
	left() { all=$(k8s containers ls -q "$(filter container)" "$(filter sandbox)") || return 1; live $all; }
	inspect() { k8s containers info "$1"; }
	stop_container() {
		k8s tasks kill -s SIGTERM "$1"
		end=$(($(date +%s) + 30))
		while [ -n "$(live "$1")" ]; do
			if [ "$(date +%s)" -ge "$end" ]; then k8s tasks kill -s SIGKILL "$1"; break; fi
			sleep 0.2
		done
	}
	stop_sandbox() { stop_container "$1"; }
	missing_images() {
		# Any of the filters lets an image through.
		wanted=$*
		for i; do shift; set -- "$@" "name==\"$i\""; done
		there=" $(k8s images ls -q "$@" | tr '\n' ' ')"
		for i in $wanted; do case $there in *" $i "*) ;; *) printf '%s ' "$i";; esac; done
	}
	pause_image() {
		[ "$socket" = /run/containerd/containerd.sock ] || return 0
		q="[\"']" v="[^\"']*"
		sed -n "s/^[[:space:]]*sandbox\(_image\)\{0,1\}[[:space:]]*=[[:space:]]*$q\($v\)$q.*/\2/p" \
			/etc/containerd/config.toml 2>/dev/null | head -n 1
	}
	# ctr has no logs. Where the kubelet wants them, the CRI plugin keeps with the container.
	container_log() {
		log=$(k8s containers info "$2" | awk '
			/"io.cri-containerd.container.metadata"/ { found = 1 }
			found && /"value"/ { gsub(/^.*: *"|".*$/, ""); print; exit }' |
			base64 -d | sed -n 's/.*"LogPath":"\([^"]*\)".*/\1/p')
		[ -f "$log" ] || { echo "containerd names no log file of container $2 that is there: $log"; return 1; }
		# Time, stream, P for a part of a line or F, text.
		tail -n "$1" "$log" | awk '{
			part = $3 ~ /^P/; sub(/^[^ ]* [^ ]* [^ ]* /, ""); if (part) printf "%s", $0; else print
		}'
	}
}
