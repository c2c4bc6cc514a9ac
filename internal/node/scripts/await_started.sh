# shellcheck shell=sh
# Waits for a running container of the workload that is not known. When none comes, the kubelet is started anew once.
#
# Arguments: $1 is how many seconds to wait in all, $2 after how many to help; then the IDs of those that are known.
# Record:    started ID, and what the runtime knows of it.
# Exit code: 0 when one has started, 75 when none has.
# shellcheck disable=SC2154 # now is set in nap.sh, ids and out by the functions of the runtime's program
clock; deadline=$((now + $1)); help=$((now + $2)); shift 2; known=" $* "
while :; do
	ids=; running
	for id in $ids; do
		case $known in *" $id "*) ;; *) inspect "$id"; text started "$id" "$out"; exit 0;; esac
	done
	clock
	[ "$now" -lt "$deadline" ] || exit 75
	if [ "$now" -ge "$help" ]; then fresh_kubelet; help=$deadline; fi
	nap
done
