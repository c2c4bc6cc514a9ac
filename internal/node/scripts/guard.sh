# shellcheck shell=sh
# Goes before a script that changes something: it is carried out only while the file $lock is there with the text
# $owner. It holds the lock open while it is at work: end_users.sh finds it so. Exit code: 73 where it is not
# carried out.
# shellcheck disable=SC2154 # lock and owner are set in Go
{ command exec 9<"$lock"; } 2>/dev/null && [ "$(cat <&9)" = "$owner" ] || exit 73
