# shellcheck shell=sh
# Functions that print records which hold any bytes; parts.go reads them. A record is a kind and fields, each behind a
# tab, up to a record separator. A field is printed as it is behind a =, where it has printable ASCII and line breaks
# alone, or else in base64. It seldom has more, and a process costs a node more than the work. The text of a file is
# printed as it is between two $mark, which are drawn anew for each run.
#
#	text KIND FIELD ...
#	file KIND PATH      its fields are the path, and the first MiB of the file
#	word FIELD, raw PATH, end     for other records
# Exit code: none of its own: it defines functions.
nl='
'
end() { printf '\036'; }
word() { case $1 in *[!"$nl"\ -~]*) printf '\t'; printf '%s' "$1" | base64;; *) printf '\t=%s' "$1";; esac; }
# shellcheck disable=SC2154 # mark is set in Go
raw() { printf '\t%s' "$mark"; head -c 1048576 "$1"; printf '%s' "$mark"; }
file() { printf '%s' "$1"; word "$2"; raw "$2"; end; }
text() { printf '%s' "$1"; shift; for field; do word "$field"; done; end; }
