# shellcheck shell=sh
# Reads what was parked and the journals, and looks for signs: files and folders by patterns of absolute paths.
#
# Arguments: $1 and $2 are those of kubelet.sh, $3 is our own folder; then the patterns.
# Records:   host NAME; parked PATH TEXT; journal PATH TEXT; sign PATH, the first for each pattern.
# Leaves:    no arguments.
# Exit code: none of its own: what comes after it decides.
text host "$(hostname)"
for f in "$3"/parked/*; do [ -f "$f" ] && file parked "$f"; done
for f in "$3"/*.journal; do [ -f "$f" ] && file journal "$f"; done
shift 3
# With an empty IFS a pattern is matched and not split. A unit that is masked is a link to /dev/null, which is neither
# file nor folder.
IFS=
for sign; do for f in $sign; do if [ -f "$f" ] || [ -d "$f" ]; then text sign "$f"; break; fi; done; done
unset IFS
