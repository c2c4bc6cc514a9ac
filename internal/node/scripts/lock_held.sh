# shellcheck shell=sh
# Prints age and text of the lock $1 (lock_age.sh), nothing where there is none. Exit code: 0.
# shellcheck disable=SC2154 # they are set by lock_age
lock_age "$1" && printf '%s %s' "$age" "$whole"
exit 0
