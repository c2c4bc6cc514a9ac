# shellcheck shell=sh
# Prints the file $1.
# Exit code: not 0 when it cannot be read.
cat -- "$1"
