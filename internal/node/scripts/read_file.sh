# shellcheck shell=sh
# Prints the file $1.
cat -- "$1"
