# shellcheck shell=sh
# Function: ours FILE HASH... returns 0 where FILE is not there, or its SHA-256 is one of the hashes; else it exits 76,
# and says so. A file that cannot be read is not ours.
# Exit code: 76 from within the function, as above; none of its own.
ours() {
	[ -e "$1" ] || [ -L "$1" ] || return 0
	file=$1; sum=$(sha256sum <"$file") || exit 76
	sum=${sum%% *}; shift
	for hash; do [ "$hash" != "$sum" ] || return 0; done
	echo "$file is another text, with SHA-256 $sum" >&2
	exit 76
}
