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
# shellcheck disable=SC2154 # stamp is set in stamp.sh, nl in parts.sh
data=$1; wal=${2:-$1/member/wal}; image=$3; shift 3
stamp "$data" "$wal"; text stamp "$stamp"
for f in "$wal"/*.wal; do [ ! -f "$f" ] || text segment "${f##*/}"; done
for f in "$data"/member/snap/*.snap "$data"/member/snap/*.snap.db; do [ ! -f "$f" ] || text snapshot "${f##*/}"; done
[ -s "$data/member/snap/db" ] && text database yes
full=
for d in "$data" "$wal"; do
	[ -d "$d" ] || continue
	for f in "$d"/* "$d"/.[!.]*; do
		case ${f##*/} in lost+found|.etcdrecovery) continue;; esac
		if [ -e "$f" ] || [ -L "$f" ]; then full=$f; break 2; fi
	done
done
[ -n "$full" ] || text empty yes
folders "$data" "$wal" "$data/member/snap"
mounts
[ -z "$full" ] || [ -d "$data/member" ] || text foreign "${full##*/}"
used=0
for d in "$data/member" "$wal"; do
	[ -d "$d" ] || continue
	case $d in "$data/member"/*) continue;; esac
	k=$(du -sk "$d"); k=${k%%[!0-9]*}; used=$((used + ${k:-0}))
done
text used "$used"
# space DIR sets free to the KiB on its file system, and mount to yes where the folder is a mount point: it is not on
# the file system, or not in the mount, of the one above it.
space() {
	free=; mount=
	out=$(df -Pk "$1/" "${1%/*}/")
	# shellcheck disable=SC2086 # a header, a line for the folder and one for that above it
	{ IFS=$nl; set -f; set -- $out; unset IFS; }
	own=${2-}; above=${3-}
	# shellcheck disable=SC2086 # fields
	set -- $own; set +f
	free=${4-}
	[ "${own%% *} ${own##* }" = "${above%% *} ${above##* }" ] || mount=yes
}
# Old data is renamed within its own file system: beside its folder, or inside when the folder is a mount point.
aside() {
	if [ -n "$mount" ]; then base=$1/.etcdrecovery; else base=$1.etcdrecovery; fi
	i=1; while for f in "$base/$i"*; do [ -e "$f" ] && break; done; do i=$((i+1)); done
	place=$base/$i
}
top=$data; while [ ! -d "$top/" ]; do top=${top%/*}; done
space "$top"; text free "$free"
[ -d "$data" ] || mount=
aside "$data"; text olddata "$place"
for f in "$data" "$data/member" "$data/member/snap" "$data/member/wal" "$wal"; do
	[ ! -L "$f" ] || text symlink "$f"
done
if [ "$wal" != "$data/member/wal" ]; then
	mount=
	if [ -d "$wal" ]; then
		space "$wal"; text walfree "$free"
		[ -z "$mount" ] || text walmount "$wal"
	fi
	aside "$wal"; text oldwal "$place"
fi
pause=; pause_image
# shellcheck disable=SC2086 # where no image of sandboxes is known there is no word
{ missing=; missing_images "$image" $pause; }
case " $missing " in *" $image "*) ;; *) text image yes;; esac
[ -z "$pause" ] || case " $missing " in *" $pause "*) text nopause "$pause";; esac
while [ $# -gt 0 ]; do
	case $1 in
		cert)
			if [ -r "$3" ]; then printf cert; word "$2"; raw "$3"; end; else text missing "$3"; fi
			shift 3;;
		key) [ -r "$2" ] || text missing "$2"; shift 2;;
	esac
done
exit 0
