# shellcheck shell=sh
# Shows that the holder of the lock $1 is alive.
touch -c "$1"
