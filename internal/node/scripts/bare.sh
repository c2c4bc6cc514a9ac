# shellcheck shell=sh
# Looks for anything of Kubernetes or etcd on a machine where manifests.sh has found no folder of manifests: where there
# is nothing, nothing has to be stopped. Functions of parts.sh print the records.
#
# Records: bare yes where it has looked; trace TEXT for each thing that is there, or that cannot be looked for.
# Exit code: none of its own: what comes after it decides.
# shellcheck disable=SC2154 # dir, config and process are set in kubelet.sh
if [ -z "$dir" ] || [ ! -d "$dir" ]; then
	[ -z "$process" ] || text trace "a kubelet runs"
	if f=$(command -v kubelet 2>/dev/null); then text trace "$f"; fi
	for f in /etc/kubernetes/manifests "$config" /etc/init.d/kubelet /etc/systemd/system/kubelet.service \
		/run/systemd/system/kubelet.service /usr/local/lib/systemd/system/kubelet.service \
		/usr/lib/systemd/system/kubelet.service /lib/systemd/system/kubelet.service; do
		[ ! -e "$f" ] || text trace "$f"
	done
	for f in /proc/[0-9]*/comm; do
		name=; read -r name <"$f"
		case $name in etcd|kubelet|kube-apiserver) text trace "a process $name";; esac
	done 2>/dev/null
	[ -r /proc/1/comm ] || text trace "processes that cannot be seen"
	if [ -r /proc/net/tcp ]; then
		set -- /proc/net/tcp; [ ! -r /proc/net/tcp6 ] || set -- "$@" /proc/net/tcp6
		# 2379 and 2380, in the state of listening.
		open=$(awk '$4 == "0A" && $2 ~ /:094[BC]$/ { print "yes"; exit }' "$@" && echo .) || open=failed
		[ "$open" = . ] || text trace "something listens at port 2379 or 2380"
		set --
	else
		text trace "listening ports that cannot be seen"
	fi
	text bare yes
fi
