# shellcheck shell=sh
# Reads the kubelet's folder, which kubelet.sh has found: each file that does not start with a dot.
#
# Records: manifests DIR; pod PATH TEXT for each file; nomanifests DIR CONFIG where there is no such folder.
# Exit code: none of its own: what comes after it decides.
# shellcheck disable=SC2154 # dir and config are set in kubelet.sh
text manifests "$dir"
if [ -n "$dir" ] && [ -d "$dir" ]; then
	for f in "$dir"/*; do [ ! -f "$f" ] || file pod "$f"; done
else
	text nomanifests "$dir" "$config"
fi
