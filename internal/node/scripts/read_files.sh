# shellcheck shell=sh
# Prints a record for each argument that is a file which can be read (parts.sh): file PATH TEXT. Exit code: 0.
for f; do [ -r "$f" ] && file file "$f"; done
exit 0
