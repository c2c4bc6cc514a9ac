# shellcheck shell=sh
# lock_age LOCK sets age to its age in seconds and whole to its text (whole.sh), and fails if it is not there.
# Exit code: none of its own: it defines functions.
# shellcheck disable=SC2034 # they are for those who call
lock_age() {
	at=$(stat -c %Y "$1" 2>/dev/null) && { whole <"$1"; } 2>/dev/null || return 1
	age=$(($(date +%s) - at))
}
