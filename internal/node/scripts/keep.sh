# shellcheck shell=sh
# Moves the parked manifest $1, if there is one, to $2, or to the next free number beside it where another text is
# there. Exit code: 0 when nothing is left in $1.
set -e
[ -f "$1" ] || exit 0
[ -d "${2%/*}/" ] || mkdir -p "${2%/*}/"
place=$2; i=1
while [ -e "$place" ]; do
	if cmp -s "$1" "$place"; then rm -f "$1"; exit 0; fi
	i=$((i + 1)); place=$2.$i
done
mv "$1" "$place"
