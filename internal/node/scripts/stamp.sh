# shellcheck shell=sh
# stamp DATA WAL sets stamp to sizes and times of the files of log and database, which tell whether etcd writes.
# Exit code: none of its own: it defines functions.
# shellcheck disable=SC2034 # it is for those who call
stamp() { stamp=$(stat -c '%n %s %y' "$2"/*.wal "$1"/member/snap/db "$1"/member/snap/*.snap* 2>/dev/null); }
