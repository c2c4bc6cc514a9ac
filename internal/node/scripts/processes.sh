# shellcheck shell=sh
# processes ID ... tells whether one of these containers has a process: each is in a control group with the container's
# ID in its name, whatever the runtime and the version of control groups.
processes() { [ $# -gt 0 ] && grep -lsF "$(printf '%s\n' "$@")" /proc/[0-9]*/cgroup | grep -q .; }
