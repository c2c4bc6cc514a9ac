# shellcheck shell=sh
# Waits until the function $1 (left or running) of the runtime's program prints nothing. After that long the runtime is
# asked to stop what is left and the kubelet is started anew, twice at most. A runtime's program takes a while to start,
# so it is asked when there may be news: the kernel tells for nothing when the last process has gone.
#
# Arguments: $1 is the function, $2 how many seconds to wait before helping, $3 for how many more a kubelet that was not
#            started anew may bring back what was stopped.
# Output:    what was asked for in vain, with exit code 75; nothing where the runtime does not answer.
# Exit code: 0 when nothing is left, 75 when something is, or may be.
deadline=$(($(date +%s) + $2)); helped=0; calm=0; asked=
while :; do
	answers=yes; ids=$("$1") || answers=
	now=$(date +%s)
	if [ -n "$answers" ] && [ -z "$ids" ] && [ "$now" -ge "$calm" ]; then exit 0; fi
	if [ "$now" -ge "$deadline" ] && [ "$now" -ge "$calm" ]; then
		[ "$helped" -lt 2 ] || { printf '%s' "$asked"; exit 75; }
		# Of a runtime that does not answer nothing is known, and so nothing is stopped.
		if containers=$(running) && sandboxes=$(sandboxes); then
			for id in $containers; do stop_container "$id" >&2; done
			for id in $sandboxes; do stop_sandbox "$id" >&2; done
			asked="and after the runtime was asked to stop it"
			if fresh_kubelet; then asked="$asked and the kubelet was started anew"; else calm=$(($(date +%s) + $3)); fi
		fi
		helped=$((helped + 1)); deadline=$(($(date +%s) + $2))
	fi
	nap
	looks=0
	# shellcheck disable=SC2086 # a list of IDs, which are words
	while [ "$looks" -lt 8 ] && processes $ids; do nap; looks=$((looks + 1)); done
done
