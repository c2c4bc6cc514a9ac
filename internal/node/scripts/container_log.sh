# shellcheck shell=sh
# Prints the last $1 lines that the container $2 wrote (crictl.sh, ctr.sh, docker.sh).
# Exit code: that of the runtime's program; with ctr 1 where it names no log file, or that of awk.
container_log "$1" "$2"
