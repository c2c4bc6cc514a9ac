# shellcheck shell=sh
# end_users LOCK ends whatever holds this very file open as guard.sh does, and waits until it is gone. It fails when
# processes do not end.
# Exit code: none of its own: it defines functions.
# shellcheck disable=SC3013 # dash, bash and busybox have -ef
users() {
	at_work=
	for handle in /proc/[0-9]*/fd/9; do
		[ "$handle" -ef "$1" ] || continue
		handle=${handle#/proc/}; at_work="$at_work ${handle%%/*}"
	done
}
end_users() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		users "$1"; [ -n "$at_work" ] || return 0
		# shellcheck disable=SC2086 # a list of numbers
		kill -KILL $at_work 2>/dev/null; sleep 0.1
	done
	# shellcheck disable=SC2086 # on one line
	echo "processes of the last holder do not end:" $at_work >&2; return 1
}
