# shellcheck shell=sh
# Functions that print records which hold any bytes; parts.go reads them. A record is a kind and fields, each behind a
# tab, up to a record separator. A field is printed as it is behind a =, or in base64 where it has one of these two.
# It seldom has, and a look would need hundreds of processes otherwise: to start one costs a node more than the work.
#
#	text KIND FIELD ...
#	file KIND PATH      its fields are the path, and the first MiB of the file
#	word FIELD, end     for other records
separators=$(printf '\t\036')
end() { printf '\036'; }
word() { case $1 in *["$separators"]*) printf '\t'; printf '%s' "$1" | base64;; *) printf '\t=%s' "$1";; esac; }
file() { printf '%s' "$1"; word "$2"; printf '\t'; head -c 1048576 "$2" | base64; end; }
text() { printf '%s' "$1"; shift; for f in "$@"; do word "$f"; done; end; }
