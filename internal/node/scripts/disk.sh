# shellcheck shell=sh
# Reads the state of a member's data, log, certificates and image. Private keys are only looked for. Functions of
# parts.sh, stamp.sh, mounts.sh, folder.sh and the runtime's program are used.
#
# Arguments: $1 is the data folder, $2 that of the log ("" for the one in it), $3 the image; then any number of
#            cert USE PATH and key PATH.
# Records:   stamp TEXT; segment NAME; snapshot NAME; database yes; empty yes; nofolder PATH; unread PATH WHY;
#            foreign NAME; used KIB; free KIB; symlink PATH; walmount PATH; walfree KIB; olddata PATH; oldwal PATH;
#            image yes; nopause IMAGE; cert USE TEXT; missing PATH; those of mounts.sh. Disk in look.go says what they
#            mean.
# Exit code: 0.
data=$1; wal=${2:-$1/member/wal}; image=$3; shift 3
text stamp "$(stamp "$wal" "$data/member/snap" 2>/dev/null)"
for f in "$wal"/*.wal; do [ ! -f "$f" ] || text segment "${f##*/}"; done
for f in "$data"/member/snap/*.snap "$data"/member/snap/*.snap.db; do [ ! -f "$f" ] || text snapshot "${f##*/}"; done
[ -s "$data/member/snap/db" ] && text database yes
full=$(for d in "$data" "$wal"; do
	[ -d "$d" ] && for f in "$d"/* "$d"/.[!.]*; do
		case ${f##*/} in lost+found|.etcdrecovery) ;; *) if [ -e "$f" ] || [ -L "$f" ]; then echo "$f"; fi;; esac
	done
done | head -n 1)
[ -n "$full" ] || text empty yes
for d in "$data" "$wal" "$data/member/snap"; do folder "$d"; done
mounts
[ -z "$full" ] || [ -d "$data/member" ] || text foreign "${full##*/}"
used=0
for d in "$data/member" "$wal"; do
	[ -d "$d" ] || continue
	case $d in "$data/member"/*) continue;; esac
	k=$(du -sk "$d" | cut -f 1); used=$((used+k))
done
text used "$used"
top=$data; while [ ! -d "$top/" ]; do top=${top%/*}; done
text free "$(df -Pk "$top/" | awk 'NR==2 {print $4}')"
# A folder that is a mount point is not on the file system, or not in the mount, of the one above it.
is_mount() {
	df -P "$1" "${1%/*}/" | awk '
		NR==2 { own = $1 " " $NF }
		NR==3 { above = $1 " " $NF }
		END { exit (own == above) }'
}
# Old data is renamed within its own file system: beside its folder, or inside when the folder is a mount point.
aside() {
	if [ -d "$1" ] && is_mount "$1"; then base=$1/.etcdrecovery; else base=$1.etcdrecovery; fi
	i=1; while for f in "$base/$i"*; do [ -e "$f" ] && break; done; do i=$((i+1)); done; printf '%s' "$base/$i"
}
for f in "$data" "$data/member" "$data/member/snap" "$data/member/wal" "$wal"; do
	[ ! -L "$f" ] || text symlink "$f"
done
if [ "$wal" != "$data/member/wal" ] && [ -d "$wal" ]; then
	! is_mount "$wal" || text walmount "$wal"
	text walfree "$(df -Pk "$wal" | awk 'NR==2 {print $4}')"
fi
text olddata "$(aside "$data")"
[ "$wal" = "$data/member/wal" ] || text oldwal "$(aside "$wal")"
pause=$(pause_image)
# shellcheck disable=SC2086 # where no image of sandboxes is known there is no word
missing=$(missing_images "$image" $pause)
case " $missing " in *" $image "*) ;; *) text image yes;; esac
[ -z "$pause" ] || case " $missing " in *" $pause "*) text nopause "$pause";; esac
while [ $# -gt 0 ]; do
	case $1 in
		cert)
			if [ -r "$3" ]; then printf cert; word "$2"; printf '\t'; base64 <"$3"; end; else text missing "$3"; fi
			shift 3;;
		key) [ -r "$2" ] || text missing "$2"; shift 2;;
	esac
done
exit 0
