# shellcheck shell=sh
# Prints the IDs of a workload's containers, running and ended, and maybe some of other pods (crictl.sh, ctr.sh,
# docker.sh). It fails when the runtime does not answer.
known
