# shellcheck shell=sh
# Removes what a copy has left that was broken off with its master, and prints those of the places in the arguments that
# hold a whole one. Exit code: 1 where something cannot be removed.
for p; do
	if [ -e "$p.copying" ] || [ -L "$p.copying" ]; then
		rm -rf -- "$p.copying" || { sleep 1; rm -rf -- "$p.copying"; } || exit 1
	fi
	[ ! -e "$p" ] || echo "$p"
done
