# shellcheck shell=sh
# Looks for the data of a member where no manifest says in which folder it would be. Functions of parts.sh, mounts.sh
# and folder.sh are used.
#
# Arguments: the folders to look in.
# Records:   within DIR for each folder in one of these, or link; stray DIR where a member's data is; those of folder.sh
#            and mounts.sh.
# Exit code: none of its own: what comes after it decides.
for top; do
	shift; set -- "$@" "$top"
	[ ! -d "$top/member" ] || text stray "$top"
	for f in "$top"/*; do
		[ -d "$f" ] || [ -L "$f" ] || continue
		text within "$f"; set -- "$@" "$f"
		[ ! -d "$f/member" ] || text stray "$f"
	done
done
folders "$@"
mounts
