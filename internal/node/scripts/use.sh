# shellcheck shell=sh
# Chooses the functions of the runtime's program $client: crictl.sh, ctr.sh or docker.sh, which goes before this.
# Exit code: none of its own: what comes after it decides.
# shellcheck disable=SC2154 # client is set in Go
"use_$client"
