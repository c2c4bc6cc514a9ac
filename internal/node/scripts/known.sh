# shellcheck shell=sh
# Prints the IDs of a workload's containers, running and ended, and maybe some of other pods (crictl.sh, ctr.sh,
# docker.sh). It fails when the runtime does not answer.
# Exit code: not 0 when the runtime does not answer.
# shellcheck disable=SC2154 # ids is set by known
known && printf '%s\n' "$ids"
