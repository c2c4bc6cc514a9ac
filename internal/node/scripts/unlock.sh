# shellcheck shell=sh
# Removes the lock $1 if it is still that of the holder $2. What a command that nobody waits for any more has left
# running is ended first (end_users.sh), but for this script, which guard.sh has made hold the lock open as well.
# Exit code: 0 when it is not $2's any more, 1 where a process does not end: then the lock stays.
# shellcheck disable=SC2154 # whole is set in whole.sh
exec 9<&-
end_users "$1" || exit 1
{ whole <"$1"; } 2>/dev/null || exit 0
[ "$whole" != "$2" ] || rm -f "$1"
