# shellcheck shell=sh
# Prints the file $1, compressed: the zeros with which etcd makes a new one take up next to nothing then.
# Exit code: that of gzip, not 0 when it cannot be read.
gzip -1 -c <"$1"
