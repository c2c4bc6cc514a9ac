# shellcheck shell=sh
# Prints a record for each argument that is a file which can be read (parts.sh): file PATH TEXT. Exit code: 0.
for f; do [ -f "$f" ] && [ -r "$f" ] && file file "$f"; done
exit 0
