# shellcheck shell=sh
# A function that lists a folder: one that cannot be read looks like an empty one. Functions of parts.sh and mounts.sh
# are used.
#
#	folder DIR
#
# Records: nofolder DIR; unread DIR WHY; link of mounts.sh for the links on the way to it.
folder() {
	said=$(ls -a "$1/" 2>&1 >/dev/null) || said=${said:-ls has failed}
	case $said in
		'') ;;
		*': No such file or directory') text nofolder "$1";;
		*) text unread "$1" "${said##*: }";;
	esac
	links "$1"
}
