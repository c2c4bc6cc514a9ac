# shellcheck shell=sh
# Prints blocks of the file $1, fewer only where it ends: of $2 bytes each, after the first $3, $4 of them.
# Exit code: not 0 when it cannot be read.
dd if="$1" bs="$2" skip="$3" count="$4" 2>/dev/null
