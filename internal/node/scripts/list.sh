# shellcheck shell=sh
# Prints the containers of a workload as the runtime's program does (crictl.sh, ctr.sh, docker.sh). It fails when the
# runtime does not answer.
# Exit code: not 0 when the runtime does not answer.
# shellcheck disable=SC2154 # out is set by list
list && printf '%s\n' "$out"
