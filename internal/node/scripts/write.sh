# shellcheck shell=sh
# Puts a text in place of a file, or makes it (in_place.sh, ours.sh).
#
# Arguments: $1 is the file, $2 the one whose mode, owner and SELinux label it gets if that is there, $3 the text in
#            base64; then the SHA-256 of each text that may be in its place, any text where there is none.
# Output:    the file's SHA-256 as sha256sum prints it.
# Exit code: 0 when it was written, 76 where another text is in its place, which stays.
target=$1 like=$2 text=$3; shift 3
[ "$#" -eq 0 ] || ours "$target" "$@"
begin "$target"
[ ! -f "$like" ] || like "$like"
# shellcheck disable=SC2154 # tmp is set by begin
printf %s "$text" | base64 -d >"$tmp"
finish "$target"
sha256sum <"$target"
