# shellcheck shell=sh
# stamp WAL SNAP prints sizes and times of the files of log and database, which tell whether etcd writes.
stamp() {
	cd "$1" 2>/dev/null && stat -c '%n %s %y' ./*.wal
	cd "$2" 2>/dev/null && stat -c '%n %s %y' ./db ./*.snap*
}
