# shellcheck shell=sh
# fresh_kubelet starts a running kubelet anew, which ends no container, unless $keep is "yes" (client.go). One that was
# started while the API server is down leaves a static pod running whose file went, remembers it, and lets no other pod
# of that name start (kubernetes#112814); a new one knows only the files. It fails where none was started anew.
# Exit code: none of its own: it defines functions.
fresh_kubelet() {
	[ -z "$keep" ] && systemctl is-active --quiet kubelet 2>/dev/null && systemctl restart kubelet >&2
}
