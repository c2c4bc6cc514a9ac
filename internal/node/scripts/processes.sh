# shellcheck shell=sh
# processes IDS finds the processes of these containers, one ID a line: each is in a control group with the container's
# ID in its name, whatever the runtime and the version of control groups. alive tells whether one of those still runs.
# Exit code: none of its own: it defines functions.
processes() { groups=; [ -z "$1" ] || groups=$(grep -lsF "$1" /proc/[0-9]*/cgroup); }
alive() { for group in $groups; do [ ! -e "$group" ] || return 0; done; return 1; }
