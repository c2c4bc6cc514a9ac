# shellcheck shell=sh
# Moves the manifest $1, if it is there, to the place $2 (in_place.sh). A different one that is there already is kept
# under a number. Exit code: 0 when it is in $2 and not in $1.
[ -f "$1" ] || { [ -f "$2" ] && exit 0; echo "neither $1 nor $2 is there" >&2; exit 1; }
if [ -f "$2" ] && ! cmp -s "$1" "$2"; then i=1; while [ -e "$2.$i" ]; do i=$((i+1)); done; mv "$2" "$2.$i"; fi
begin "$2"
like "$1"
finish "$2"
rm -f "$1"
