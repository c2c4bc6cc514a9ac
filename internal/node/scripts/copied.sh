# shellcheck shell=sh
# Ends a copy that is still being made though nobody listens to it any more (end_users.sh), and prints yes if all of
# these places hold a whole one.
#
# Arguments: $1 is the lock, which guard.sh holds open; then the places.
# Exit code: 1 where a process does not end.
exec 9<&-
end_users "$1" || exit 1
shift
for p; do [ -e "$p" ] || exit 0; done
echo yes
