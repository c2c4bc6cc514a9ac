# shellcheck shell=sh
# Waits until the function $1 (left or running) of the runtime's program finds nothing. After that long the runtime is
# asked to stop what is left and the kubelet is started anew, twice at most. A runtime's program takes a while to start,
# so it is asked when there may be news: the kernel tells for nothing when the last process has gone.
#
# Arguments: $1 is the function, $2 how many seconds to wait before helping, $3 for how many more a kubelet that was not
#            started anew may bring back what was stopped.
# Output:    what was asked for in vain, with exit code 75; nothing where the runtime does not answer.
# Exit code: 0 when nothing is left, 75 when something is, or may be.
# shellcheck disable=SC2154 # now is set in nap.sh, ids by the functions of the runtime's program
clock; deadline=$((now + $2)); helped=0; calm=0; asked=
while :; do
	ids=; answers=yes; "$1" || answers=
	left=$ids
	clock
	if [ -n "$answers" ] && [ -z "$left" ] && [ "$now" -ge "$calm" ]; then exit 0; fi
	if [ "$now" -ge "$deadline" ] && [ "$now" -ge "$calm" ]; then
		[ "$helped" -lt 2 ] || { printf '%s' "$asked"; exit 75; }
		# Of a runtime that does not answer nothing is known, and so nothing is stopped.
		if running && containers=$ids && sandboxes; then
			sandboxes=$ids
			for id in $containers; do stop_container "$id" >&2; done
			for id in $sandboxes; do stop_sandbox "$id" >&2; done
			asked="and after the runtime was asked to stop it"
			if fresh_kubelet; then asked="$asked and the kubelet was started anew"; else clock; calm=$((now + $3)); fi
		fi
		clock; helped=$((helped + 1)); deadline=$((now + $2))
	fi
	nap
	processes "$left"; looks=0
	while [ "$looks" -lt 8 ] && alive; do nap; looks=$((looks + 1)); done
done
