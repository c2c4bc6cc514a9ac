# shellcheck shell=sh
# Goes before a script that changes something: it is carried out only while the file $lock is there with the text
# $owner. It holds the lock open while it is at work: end_users.sh finds it so. Exit code: 73 where it is not
# carried out. A function of whole.sh is used.
# shellcheck disable=SC2154 # lock and owner are set in Go, whole in whole.sh
{ command exec 9<"$lock"; } 2>/dev/null && whole <&9 && [ "$whole" = "$owner" ] || exit 73
