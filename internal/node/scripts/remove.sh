# shellcheck shell=sh
# Removes the file $1, if it is there.
rm -f -- "$1"
