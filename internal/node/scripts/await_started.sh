# shellcheck shell=sh
# Waits for a running container of the workload that is not known. When none comes, the kubelet is started anew once.
#
# Arguments: $1 is how many seconds to wait in all, $2 after how many to help; then the IDs of those that are known.
# Record:    started ID, and what the runtime knows of it.
# Exit code: 0 when one has started, 75 when none has.
now=$(date +%s); deadline=$((now + $1)); help=$((now + $2)); shift 2; known=" $* "
while :; do
	for id in $(running); do
		case $known in *" $id "*) ;; *) text started "$id" "$(inspect "$id")"; exit 0;; esac
	done
	now=$(date +%s)
	[ "$now" -lt "$deadline" ] || exit 75
	if [ "$now" -ge "$help" ]; then fresh_kubelet; help=$deadline; fi
	nap
done
