# shellcheck shell=sh
# use_ctr defines functions that ask containerd past its CRI plugin, with the client that every containerd package has.
# It waits for ever if it is not told otherwise. Filters: containerd, pkg/filters; what any of several filters lets
# through is listed. client.go says what each function does, and which variables they read and set.
# Exit code: none of its own: it defines functions.
# shellcheck disable=SC2154 # socket, namespace, pod, name and others are set in Go or in discover.sh
# shellcheck disable=SC2034 # out, ids, missing and pause are for those who call
# shellcheck disable=SC2317,SC2329 # the functions are called in the scripts that come after
# shellcheck disable=SC2086 # lists of IDs and images, which are words
use_ctr() {
	k8s() { out=$(ctr --connect-timeout 3s --timeout 60s -a "$socket" -n k8s.io "$@"); }
	# filter KIND sets filter.
	filter() {
		filter="labels.\"io.cri-containerd.kind\"==$1"
		[ -z "$namespace" ] || filter="$filter,labels.\"io.kubernetes.pod.namespace\"==\"$namespace\""
		if [ -n "$pod" ]; then
			begins=; rest=$pod.
			while [ -n "$rest" ]; do begins=$begins${begins:+[.]}${rest%%.*}; rest=${rest#*.}; done
			filter="$filter,labels.\"io.kubernetes.pod.name\"~=\"^$begins-\""
		fi
		[ -z "$name" ] || [ "$1" = sandbox ] || filter="$filter,labels.\"io.kubernetes.container.name\"==\"$name\""
		for other in $others; do filter="$filter,labels.\"io.kubernetes.pod.name\"!=\"$other\""; done
	}
	kind() { filter "$1"; k8s containers ls -q "$filter" && ids=$out; }
	# Leaves those of $ids that have a process. A state that is not known is no proof of an end.
	live() {
		all=$nl$ids$nl; [ -n "$ids" ] || return 0
		k8s tasks ls || return 1
		ids=
		IFS=$nl; set -f
		for task in $out; do
			unset IFS; set -- $task
			case $all in *"$nl${1-}$nl"*) [ "${3-}" = STOPPED ] || ids=${ids:+$ids$nl}$1;; esac
		done
		set +f; unset IFS
	}
	list() {
		kind container || return 1
		infos=
		for id in $ids; do
			# It may go meanwhile.
			if k8s containers info "$id"; then infos=$infos$out$nl; continue; fi
			kind container || return 1
			case $ids in *"$id"*) return 1;; esac
		done
		k8s tasks ls && out=$infos$out
	}
	known() { kind container; }
	running() { kind container && live; }
	sandboxes() { kind sandbox && live; }
	left() {
		filter container; containers=$filter; filter sandbox
		k8s containers ls -q "$containers" "$filter" && ids=$out && live
	}
	inspect() { k8s containers info "$1"; }
	stop_container() {
		k8s tasks kill -s SIGTERM "$1"
		clock; end=$((now + 30))
		while ids=$1; live && [ -n "$ids" ]; do
			clock
			if [ "$now" -ge "$end" ]; then k8s tasks kill -s SIGKILL "$1"; break; fi
			sleep 0.2
		done
	}
	stop_sandbox() { stop_container "$1"; }
	missing_images() {
		# Any of the filters lets an image through.
		wanted=$*
		for i; do shift; set -- "$@" "name==\"$i\""; done
		k8s images ls -q "$@"
		for i in $wanted; do case $nl$out$nl in *"$nl$i$nl"*) ;; *) missing="$missing$i ";; esac; done
	}
	pause_image() {
		[ "$socket" = /run/containerd/containerd.sock ] || return 0
		q="[\"']" v="[^\"']*"
		pause=$(sed -n "/^[[:space:]]*sandbox\(_image\)\{0,1\}[[:space:]]*=[[:space:]]*$q\($v\)$q.*/ {
			s//\2/; p; q
		}" /etc/containerd/config.toml 2>/dev/null)
	}
	# ctr has no logs. Where the kubelet wants them, the CRI plugin keeps with the container.
	container_log() {
		k8s containers info "$2"
		log=$(printf '%s\n' "$out" | awk '
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
