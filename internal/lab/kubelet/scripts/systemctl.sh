#!/bin/sh
# systemctl of a lab node: it knows the kubelet and containerd.
cri='@ROOT@/run/cri'
quiet=''

ask() {
	reply="$cri/reply.$$.$1"
	mkfifo "$reply" || exit 1
	exec 3<>"$reply"
	printf '%s %s\n' "$reply" "$*" >"$cri/requests"
	read -r answer <&3
	exec 3>&-
	rm -f "$reply"
	[ "$answer" = ok ]
}

active() {
	case $1 in
	kubelet | kubelet.service) read -r state <'@ROOT@/run/kubelet' ;;
	containerd | containerd.service) state=active ;;
	*) state=inactive ;;
	esac
}

verb=''
for arg in "$@"; do
	case $arg in
	-q | --quiet) quiet=yes ;;
	-*) ;;
	*)
		if [ -z "$verb" ]; then
			verb=$arg
			continue
		fi
		case $verb in
		is-active)
			active "$arg"
			[ -n "$quiet" ] || echo "$state"
			[ "$state" = active ] || exit 3
			;;
		start | stop | restart)
			case $arg in
			kubelet | kubelet.service) ;;
			*)
				echo "Failed to $verb $arg.service: Unit $arg.service not found." >&2
				exit 5
				;;
			esac
			if [ "$verb" != start ]; then ask kubelet stop || exit 1; fi
			if [ "$verb" != stop ]; then ask kubelet start || exit 1; fi
			;;
		*)
			echo "Unknown command verb '$verb'." >&2
			exit 1
			;;
		esac
		;;
	esac
done
