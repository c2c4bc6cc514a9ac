# shellcheck shell=sh
# Renames everything in the folder $1, but for lost+found and what was put aside before, into the folder $2 on the same
# file system. It goes on where it was broken off. Exit code: 0 when all of it is in $2.
set -e
[ -e "$2" ] || mkdir -p "$2.moving"
for f in "$1"/* "$1"/.[!.]*; do
	case ${f##*/} in lost+found|.etcdrecovery) continue;; esac
	[ -e "$f" ] || [ -L "$f" ] || continue
	[ ! -e "$2" ] || { echo "$2 exists already" >&2; exit 1; }
	mv "$f" "$2.moving/"
done
[ ! -e "$2" ] || exit 0
sync -f "$2.moving" 2>/dev/null || sync
mv "$2.moving" "$2"
