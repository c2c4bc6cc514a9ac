# shellcheck shell=sh
# Takes a lock, or takes it over. Its holder's processes are ended before anybody else has it (end_users.sh). Functions
# of lock_age.sh and whole.sh are used.
#
# Arguments: $1 is the lock, $2 its new holder, $3 after how many seconds of silence it is taken over, $4 the holder
#            that is known to be gone, or "".
# Output:    with exit code 73, age and text of the lock that somebody else holds.
# Exit code: 0 when it is $2's, 73 when it is somebody else's, 1 when it cannot be made.
# shellcheck disable=SC2154 # age and whole are set in lock_age.sh and whole.sh
[ -d "${1%/*}/" ] || mkdir -p "${1%/*}/" || exit 1
for _ in 1 2 3; do
	# It appears as a whole or not at all, also on a full disk.
	if ! { printf '%s' "$2" >"$1.new.$$" && whole <"$1.new.$$" && [ "$whole" = "$2" ]; }; then
		rm -f "$1.new.$$"; continue
	fi
	if ln "$1.new.$$" "$1" 2>/dev/null; then
		# Somebody who takes it over beside us may not have ended yet what the last holder has running.
		for f in "$1".stale.*; do
			[ ! -e "$f" ] || end_users "$f" || { rm -f "$1" "$1.new.$$"; exit 1; }
		done
		rm -f "$1".new.* "$1".stale.*; exit 0
	fi
	rm -f "$1.new.$$"
	{ whole <"$1"; } 2>/dev/null || continue
	have=$whole
	[ "$have" != "$2" ] || exit 0
	lock_age "$1" || continue
	if [ "$age" -lt "$3" ] && { [ -z "$4" ] || [ "$have" != "$4" ]; }; then
		printf '%s %s' "$age" "$whole"; exit 73
	fi
	mv "$1" "$1.stale.$$" 2>/dev/null || continue
	# Somebody else may have taken it over since it was read: then it is put back.
	if whole <"$1.stale.$$" && [ "$whole" = "$have" ] && end_users "$1.stale.$$"; then rm -f "$1.stale.$$"
	else ln "$1.stale.$$" "$1"; rm -f "$1.stale.$$"
	fi
done
echo "cannot make $1" >&2; exit 1
