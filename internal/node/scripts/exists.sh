# shellcheck shell=sh
# Prints yes if there is anything at the path $1.
# Exit code: 0.
[ ! -e "$1" ] || echo yes
