# shellcheck shell=sh
# Functions that let a file appear as a whole or not at all: it is made as $tmp, under a name that starts with a dot,
# which the kubelet does not read. From here on a command that fails ends the script.
#
#	begin FILE    sets tmp; what was left by a script that was broken off goes, too
#	like OTHER    makes $tmp a copy of another file, with mode, owner and SELinux label
#	finish FILE   puts $tmp in its place
# Exit code: that of the command that fails.
set -e
begin() {
	[ -d "${1%/*}/" ] || mkdir -p "${1%/*}/"
	for left in "${1%/*}"/.etcdrecovery-*; do
		if [ -e "$left" ] || [ -L "$left" ]; then rm -f "$left"; fi
	done
	tmp=${1%/*}/.etcdrecovery-${1##*/}; trap 'rm -f "$tmp"' EXIT
}
finish() { sync "$tmp" 2>/dev/null || sync; mv -f "$tmp" "$1"; trap - EXIT; }
# GNU's cp keeps the label of SELinux, too, which a new file would take from its folder. Where there is none that is no
# failure.
like() { cp -p --preserve=all "$1" "$tmp" 2>/dev/null || cp -p "$1" "$tmp"; }
