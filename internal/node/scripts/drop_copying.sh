# shellcheck shell=sh
# Removes what a copy has left that was broken off with its master, and prints those of the places in the arguments that
# hold a whole one. Exit code: 1 where something cannot be removed.
for p; do
	rm -rf -- "$p.copying" || { sleep 1; rm -rf -- "$p.copying"; } || exit 1
	[ ! -e "$p" ] || echo "$p"
done
