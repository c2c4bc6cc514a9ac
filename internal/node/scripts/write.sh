# shellcheck shell=sh
# Puts a text in place of a file, or makes it (in_place.sh).
#
# Arguments: $1 is the file, $2 the one whose mode, owner and SELinux label it gets if that is there, $3 the text in
#            base64.
# Output:    the file's SHA-256 as sha256sum prints it.
# Exit code: 0 when it was written.
begin "$1"
[ ! -f "$2" ] || like "$2"
# shellcheck disable=SC2154 # tmp is set by begin
printf %s "$3" | base64 -d >"$tmp"
finish "$1"
sha256sum <"$1"
