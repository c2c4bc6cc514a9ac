# shellcheck shell=sh
# Prints the stamp (stamp.sh) of the data folder $1 and the log's folder $2, "" for the one in it. Exit code: 0.
stamp "$1" "${2:-$1/member/wal}"
# shellcheck disable=SC2154 # it is set by stamp
printf '%s' "$stamp"
