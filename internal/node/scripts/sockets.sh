# shellcheck shell=sh
# Prints the lines of listening sockets in /proc/net/tcp and tcp6. Exit code: 1 where they cannot be read.
[ -r /proc/net/tcp ] || { echo "cannot read /proc/net/tcp" >&2; exit 1; }
grep -h ' 0A ' /proc/net/tcp; [ ! -r /proc/net/tcp6 ] || grep -h ' 0A ' /proc/net/tcp6; exit 0
