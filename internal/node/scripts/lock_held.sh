# shellcheck shell=sh
# Prints age and text of the lock $1 (lock_age.sh), nothing where there is none. Exit code: 0.
lock_age "$1"
exit 0
