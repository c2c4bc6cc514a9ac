# shellcheck shell=sh
# lock_age LOCK prints its age in seconds, a space and its text, and fails if it is not there.
lock_age() { at=$(stat -c %Y "$1" 2>/dev/null) && printf '%s %s' "$(($(date +%s) - at))" "$(cat "$1")"; }
