# shellcheck shell=sh
# Copies what is in the folder $1, but for lost+found and what was put aside before, into the folder $2, sharing blocks
# where the file system can, and compares the two. A copy that was broken off or failed is thrown away and made again;
# one that is there already must be the same. It comes after tether.sh. Exit code: 0 when $2 is a whole copy, 74 when it
# is there and is none.
set -e
files() ( cd "$1" || exit; find . \( -name lost+found -o -name .etcdrecovery \) -prune -o -type f -print | sort )
same() {
	[ "$(files "$1")" = "$(files "$2")" ] || { echo "$1 and $2 do not hold the same files" >&2; return 1; }
	files "$1" | while IFS= read -r f; do cmp "$1/$f" "$2/$f" || exit; done
}
if [ -e "$2" ]; then
	code=0; same "$1" "$2" || code=$?
	# cmp ends with 2 where it cannot read.
	case $code in 0) exit 0;; 1) ;; *) exit 1;; esac
	echo "$2 exists already and is not a copy of $1" >&2; exit 74
fi
rm -rf -- "$2.copying"
mkdir -p "$2.copying"
# shellcheck disable=SC2154 # tether is set in tether.sh
trap 'kill $tether; rm -rf -- "$2.copying"' EXIT
# dash would not come by EXIT.
trap 'exit 1' HUP INT TERM
for f in "$1"/* "$1"/.[!.]*; do
	case ${f##*/} in lost+found|.etcdrecovery) continue;; esac
	[ -e "$f" ] || continue
	cp -a --reflink=auto --sparse=always "$f" "$2.copying/" 2>/dev/null || cp -a "$f" "$2.copying/"
done
sync -f "$2.copying" 2>/dev/null || sync
same "$1" "$2.copying"
mv "$2.copying" "$2"
