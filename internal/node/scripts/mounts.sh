# shellcheck shell=sh
# Reads what is mounted, and what says that something should be: /etc/fstab and, where systemd runs, its mount units in
# their order of precedence. Nothing is judged here: mounts.go does that. Functions of parts.sh print the records.
#
#	links PATH    prints the symbolic links on the way to a place that may not be there
#	mounts        prints the rest
#
# Records: link PATH TARGET; unit PATH for each unit, also where it is masked; mounts LINES, each with a word before a
#          space: "mounted", then mount point and type; "fstab", then the first two fields of a line of it; or the path
#          of a unit, then its What= or Where=. Mounts of pods and containers, of which there may be thousands, are left
#          out.
# Exit code: none of its own: it defines functions.
links() {
	at=; rest=$1; followed=0
	while [ -n "$rest" ]; do
		rest=${rest#/}; part=${rest%%/*}; rest=${rest#"$part"}
		case $part in
			''|.) continue;;
			..) at=${at%/*}; continue;;
		esac
		if [ -L "$at/$part" ] && [ "$followed" -lt 40 ]; then
			followed=$((followed + 1)); to=$(readlink "$at/$part")
			text link "$at/$part" "$to"
			case $to in /*) at=;; esac
			rest=/$to$rest
		else
			at=$at/$part
		fi
	done
}
mounts() {
	set --
	for f in /proc/self/mountinfo /etc/fstab; do [ ! -r "$f" ] || set -- "$@" "$f"; done
	if [ -d /run/systemd/system ]; then
		for f in /etc/systemd/system/*.mount /run/systemd/system/*.mount /run/systemd/generator/*.mount \
			/usr/local/lib/systemd/system/*.mount /usr/lib/systemd/system/*.mount /lib/systemd/system/*.mount; do
			[ -e "$f" ] || continue
			text unit "$f"
			# A unit that is masked is a link to /dev/null.
			[ ! -f "$f" ] || set -- "$@" "$f"
		done
	fi
	[ $# -eq 0 ] || text mounts "$(awk '
		FILENAME == "/proc/self/mountinfo" {
			if ($5 ~ /^\/(run\/(containerd|netns)|var\/lib\/(kubelet\/pods|containers|docker))\//) next
			for (i = 6; i <= NF; i++) if ($i == "-") { print "mounted " $5 " " $(i + 1); break }
			next
		}
		FILENAME == "/etc/fstab" { print "fstab " $1 " " $2; next }
		/^[ \t]*(What|Where)[ \t]*=/ { print FILENAME " " $0 }' "$@")"
}
