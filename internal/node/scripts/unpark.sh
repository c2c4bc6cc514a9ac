# shellcheck shell=sh
# Puts the manifest $1 back that was parked, as $2 (in_place.sh, ours.sh), if its SHA-256 is $3. If that is in its place
# already it stays. Exit code: 0 when it is in its place, 76 where another text is there or was parked, which stays.
if [ -e "$2" ]; then
	ours "$2" "$3"
	if cmp -s "$1" "$2"; then rm -f "$1"; fi
	exit 0
fi
ours "$1" "$3"
begin "$2"
like "$1"
finish "$2"
rm -f "$1"
