# shellcheck shell=sh
# A function that lists folders: one that cannot be read looks like an empty one. Functions of parts.sh and mounts.sh
# are used.
#
#	folders DIR ...
#
# Records: nofolder DIR; unread DIR WHY; link of mounts.sh for the links on the way to it.
# Exit code: none of its own: it defines functions.
folders() {
	for d; do links "$d"; shift; set -- "$@" "$d/"; done
	# All of them at once, and one by one only to know which it is.
	if said=$(ls -a "$@" 2>&1 >/dev/null) && [ -z "$said" ]; then return; fi
	for d; do
		said=$(ls -a "$d" 2>&1 >/dev/null) || said=${said:-ls has failed}
		case $said in
			'') ;;
			*': No such file or directory') text nofolder "${d%/}";;
			*) text unread "${d%/}" "${said##*: }";;
		esac
	done
}
