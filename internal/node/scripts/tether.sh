# shellcheck shell=sh
# Ends the script and all that it started when nobody listens to it any more. A command outlives its SSH session
# otherwise, and the next apply would find it at work. It leaves its process in $tether, for other traps on EXIT.
#
# The sleep must not hold the session's output open when the script is done.
# Exit code: none of its own: what comes after it decides.
( trap '' PIPE; while sleep 1 >/dev/null 2>&1; do echo >&2 || kill -TERM 0; done ) &
tether=$!; trap 'kill $tether' EXIT
