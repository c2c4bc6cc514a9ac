#!/bin/sh
# crictl of a lab node: the commands and flags that a recovery needs, with the output of the real one.
# State is read from files which the lab rewrites on each change; what changes something is asked for through a named
# pipe.
cri='@ROOT@/run/cri'
endpoint='unix://@ROOT@/run/containerd/containerd.sock'

fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

# ask VERB ARGS...: prints the lab's answer if it is an error.
ask() {
	reply="$cri/reply.$$.$1"
	mkfifo "$reply" || exit 1
	exec 3<>"$reply"
	printf '%s %s\n' "$reply" "$*" >"$cri/requests"
	read -r answer <&3
	exec 3>&-
	rm -f "$reply"
	[ "$answer" = ok ] && return 0
	printf '%s\n' "$answer" >&2
	return 1
}

# full FILE PREFIX: the words of the only line of FILE whose second word starts with PREFIX are left in $state $id $pod
# $name $json.
full() {
	found=0
	[ -n "$2" ] || fail "ID cannot be empty"
	while read -r st i p n js; do
		case $i in
		"$2"*) found=$((found + 1)) state=$st id=$i pod=$p name=$n json=$js ;;
		esac
	done <"$1"
	[ "$found" = 1 ]
}

missing() {
	cause="rpc error: code = NotFound desc = an error occurred when try to find \\\"$2\\\": not found"
	fail "E0000 00:00:00.000000 $$ log.go:32] \"$1 from runtime service failed\" err=\"$cause\""
}

# named: $name matches the regular expression $wantname. Where that is a beginning no process is needed for each object.
named() {
	case ${wantname#^} in
	"$wantname" | *[!a-zA-Z0-9-]*) printf '%s\n' "$name" | grep -Eq -- "$wantname" ;;
	*) case $name in "${wantname#^}"*) ;; *) return 1 ;; esac ;;
	esac
}

# list FILE KEY: the objects that pass the filters, as JSON, IDs or a table.
list() {
	sep='' count=0
	[ "$output" = json ] && printf '{"%s":[' "$2"
	[ "$output" = table ] && printf '%-20s%-12s%s\n' ID STATE NAME
	while read -r state id pod name json; do
		[ -z "$wantstate" ] || [ "$wantstate" = "$state" ] || continue
		[ -z "$wantpod" ] || case $pod in "$wantpod"*) ;; *) continue ;; esac
		[ -z "$wantid" ] || case $id in "$wantid"*) ;; *) continue ;; esac
		[ -z "$wantname" ] || named || continue
		skip=''
		for label in $labels; do
			case $json in *"\"${label%%=*}\":\"${label#*=}\""*) ;; *) skip=yes ;; esac
		done
		[ -z "$skip" ] || continue
		[ "$last" -gt 0 ] && [ "$count" -ge "$last" ] && continue
		count=$((count + 1))
		case $output in
		json) printf '%s%s' "$sep" "$json" ;;
		quiet) printf '%s\n' "$id" ;;
		*) printf '%-20.13s%-12s%s\n' "$id" "$state" "$name" ;;
		esac
		sep=,
	done <"$1"
	[ "$output" = json ] && printf ']}\n'
	return 0
}

listflags() {
	output=table labels='' wantname='' wantpod='' wantid='' last=0
	while [ $# -gt 0 ]; do
		case $1 in
		-a | --all) wantstate='' ;;
		-q | --quiet) output=quiet ;;
		-l | --latest) last=1 wantstate='' ;;
		--no-trunc) ;;
		-o | --output | --label | --name | --state | -s | -p | --pod | --id | -n | --last)
			[ $# -gt 1 ] || fail "flag needs an argument: $1"
			set_flag "$1" "$2"
			shift
			;;
		-o=* | --output=* | --label=* | --name=* | --state=* | -s=* | --pod=* | -p=* | --id=* | --last=*)
			set_flag "${1%%=*}" "${1#*=}"
			;;
		*) fail "flag provided but not defined: $1" ;;
		esac
		shift
	done
}

set_flag() {
	case $1 in
	-o | --output) case $2 in json | table) output=$2 ;; *) fail "unsupported output format $2" ;; esac ;;
	--label) labels="$labels $2" ;;
	--name) wantname=$2 ;;
	-p | --pod) wantpod=$2 ;;
	--id) wantid=$2 ;;
	-n | --last) last=$2 wantstate='' ;;
	-s | --state)
		case $2 in
		running | Running) wantstate=Running ;;
		exited | Exited) wantstate=Exited ;;
		ready | Ready) wantstate=Ready ;;
		notready | NotReady) wantstate=NotReady ;;
		*) fail "--state should be one of created, running, exited or unknown" ;;
		esac
		;;
	esac
}

while [ $# -gt 0 ]; do
	case $1 in
	-r | --runtime-endpoint | -i | --image-endpoint) given=$2 && shift 2 ;;
	-r=* | --runtime-endpoint=* | -i=* | --image-endpoint=*) given=${1#*=} && shift ;;
	-t | --timeout) given=$endpoint && shift 2 ;;
	-t=* | --timeout=*) given=$endpoint && shift ;;
	-*) fail "flag provided but not defined: $1" ;;
	*) break ;;
	esac
	[ "$given" = "$endpoint" ] && continue
	cause="dial unix ${given#unix://}: connect: no such file or directory"
	cause="connection error: desc = \"transport: Error while dialing: $cause\""
	cause="rpc error: code = Unavailable desc = $cause"
	fail "validate service connection: validate CRI v1 runtime API for endpoint \"$given\": $cause"
done

[ $# -gt 0 ] || fail "NAME: crictl - client for CRI"
command=$1
shift
case $command in
ps)
	wantstate=Running
	listflags "$@"
	list "$cri/containers" containers
	;;
pods)
	wantstate=''
	listflags "$@"
	list "$cri/pods" items
	;;
images | image)
	output=table
	while [ $# -gt 0 ]; do
		case $1 in
		-q | --quiet) output=quiet ;;
		-o) output=$2 && shift ;;
		-o=* | --output=*) output=${1#*=} ;;
		*) fail "flag provided but not defined: $1" ;;
		esac
		shift
	done
	sep=''
	[ "$output" = json ] && printf '{"images":['
	while read -r ref id json; do
		case $output in
		json) printf '%s%s' "$sep" "$json" ;;
		quiet) printf '%s\n' "$id" ;;
		*) printf '%-50s%s\n' "$ref" "$id" ;;
		esac
		sep=,
	done <"$cri/images"
	[ "$output" = json ] && printf ']}\n'
	exit 0
	;;
inspecti)
	[ "$1" = -o ] && shift 2
	[ "$1" = -q ] && shift
	while read -r ref id json; do
		if [ "$ref" = "$1" ] || [ "$id" = "$1" ] || [ "$id" = "sha256:$1" ]; then
			printf '{"status":%s,"info":{}}\n' "$json"
			exit 0
		fi
	done <"$cri/images"
	fail "no such image \"$1\" present"
	;;
inspect)
	[ "$1" = -o ] && shift 2
	full "$cri/containers" "$1" || missing ContainerStatus "$1"
	exec cat "$cri/inspect/$id"
	;;
logs)
	tail=''
	while [ $# -gt 1 ]; do
		case $1 in
		--tail) tail=$2 && shift ;;
		--tail=*) tail=${1#*=} ;;
		*) fail "flag provided but not defined: $1" ;;
		esac
		shift
	done
	full "$cri/containers" "$1" || missing ContainerStatus "$1"
	# The word after the next colon behind the key, of those between quotes.
	IFS= read -r json <"$cri/inspect/$id"
	key='' log=''
	IFS='"'
	set -f
	for word in $json; do
		[ "$key" != logPath: ] || log=$word
		case $word in :) key=$key: ;; *) key=$word ;; esac
	done
	split='
		sub(/^[^ ]* stdout [FP] /, "") { print; next }
		sub(/^[^ ]* stderr [FP] /, "") { print >"/dev/stderr" }'
	[ -n "$tail" ] || exec awk "$split" "$log"
	tail -n "$tail" "$log" | awk "$split"
	;;
stop)
	timeout=0
	case $1 in
	-t | --timeout) timeout=$2 && shift 2 ;;
	-t=* | --timeout=*) timeout=${1#*=} && shift ;;
	esac
	for one in "$@"; do
		full "$cri/containers" "$one" || missing StopContainer "$one"
		ask stop "$id" "$timeout" || exit 1
		printf '%s\n' "$one"
	done
	;;
rm)
	force=''
	[ "$1" = -f ] || [ "$1" = --force ] && force=yes && shift
	for one in "$@"; do
		full "$cri/containers" "$one" || missing ContainerStatus "$one"
		[ "$state" = Exited ] || [ -n "$force" ] || fail "container \"$one\" is running, please stop it first"
		ask rm "$id" || exit 1
		printf '%s\n' "$one"
	done
	;;
stopp)
	for one in "$@"; do
		full "$cri/pods" "$one" || missing StopPodSandbox "$one"
		ask stopp "$id" || exit 1
		printf 'Stopped sandbox %s\n' "$one"
	done
	;;
rmp)
	force=''
	[ "$1" = -f ] || [ "$1" = --force ] && force=yes && shift
	for one in "$@"; do
		full "$cri/pods" "$one" || missing PodSandboxStatus "$one"
		[ "$state" = NotReady ] || [ -n "$force" ] || fail "pod sandbox \"$one\" is running, please stop it first"
		ask rmp "$id" || exit 1
		printf 'Removed sandbox %s\n' "$one"
	done
	;;
version)
	printf 'Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  v2.1.4\nRuntimeApiVersion:  v1\n'
	;;
info)
	ready='"status":true,"reason":"","message":""'
	printf '{"status":{"conditions":[{"type":"RuntimeReady",%s},{"type":"NetworkReady",%s}]}}\n' "$ready" "$ready"
	;;
*)
	fail "No help topic for '$command'"
	;;
esac
