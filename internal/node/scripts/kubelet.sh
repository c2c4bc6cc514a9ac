# shellcheck shell=sh
# Finds the kubelet, its settings and its certificate. Functions of parts.sh print the records.
#
# Arguments: $1 and $2 are the operator's own kubelet_config and manifest_dir, "" where they are to be found.
# Records:   kubelet RUNS SERVICE AGE, where RUNS is "yes" or "" and AGE is in seconds; certificate PATH PEM.
# Leaves:    argv, config, dir and endpoint, and the function flag, for what comes after.
argv=; process=; age=
# flag NAME sets value to that of the last such flag, as in the kubelet: --flag=value or --flag value. No process is
# needed for that.
flag() {
	value=; last=
	while IFS= read -r a; do
		case $a in "--$1="*) value=${a#"--$1="};; esac
		[ "$last" != "--$1" ] || value=$a
		last=$a
	done <<END
$argv
END
}
# setting FILE NAME prints a scalar on a line of its own in a file of YAML, or of JSON that is written in lines.
setting() {
	[ ! -f "$1" ] || sed -n "/^[[:space:]]*\"\{0,1\}$2\"\{0,1\}[[:space:]]*:[[:space:]]*/ {
		s///; s/^#.*//; s/[[:space:]]#.*//; s/[[:space:],]*\$//
		s/^\"\(.*\)\"\$/\1/; s/^'\(.*\)'\$/\1/; p; q
	}" "$1"
}
# The kubelet of this machine: not one in a container (kind), nor a process of that name that is somebody else's, whose
# word would be taken.
# shellcheck disable=SC2013 # names in /proc are words
# shellcheck disable=SC3013 # dash, bash and busybox have -ef
for p in $(grep -ls kubelet /proc/[0-9]*/cmdline); do
	p=${p%/cmdline}
	[ "$p/ns/pid" -ef /proc/self/ns/pid ] || continue
	[ "$(awk '/^Uid:/ { print $2, $3 }' "$p/status")" = "$(id -u) $(id -u)" ] || continue
	argv=$(tr '\0' '\n' <"$p/cmdline")
	first=${argv%%
*}
	[ "${first##*/}" = kubelet ] || continue
	flag config; config=$value
	if [ -z "$1" ] || [ "$config" = "$1" ]; then process=yes; break; fi
done 2>/dev/null
[ -n "$process" ] || argv=
flag config; config=${1:-$value}
case $config in /*) ;; *) config=/var/lib/kubelet/config.yaml;; esac
# What kubeadm made the kubelet's flags from, for one that does not run.
# shellcheck disable=SC2020 # each of the two characters becomes a line break
[ -n "$process" ] || argv=$(sed -n 's/^KUBELET_KUBEADM_ARGS=//p' "${config%/*}/kubeadm-flags.env" 2>/dev/null |
	tr -d "\"'" | tr -s ' \t' '\n\n')
flag pod-manifest-path; dir=${2:-$value}
dir=${dir:-$(setting "$config" staticPodPath)}
flag container-runtime-endpoint
# shellcheck disable=SC2034 # discover.sh reads it
endpoint=${value:-$(setting "$config" containerRuntimeEndpoint)}

# Both clocks count from the machine's start: proc(5), fields 22 of stat and 1 of uptime.
if [ -n "$process" ]; then
	up=$(cut -d ' ' -f 1 /proc/uptime); hz=$(getconf CLK_TCK 2>/dev/null || echo 100)
	age=$(sed 's/.*) //' "$p/stat" 2>/dev/null | awk -v up="$up" -v hz="$hz" '{ print int(up - $20 / hz) + 1 }')
fi
text kubelet "$process" "$(systemctl is-active kubelet 2>/dev/null | head -n 1)" "$age"

# Of what may hold a private key too, the first certificate alone. A line too long for PEM ends it: that would be a file
# without line breaks.
certificate() {
	awk '
		length($0) > 100 { exit }
		/-----BEGIN / { keep = /-----BEGIN CERTIFICATE-----/; block = "" }
		keep { block = block $0 "\n" }
		keep && /-----END CERTIFICATE-----/ { printf "%s", block; exit }'
}
flag kubeconfig; access=$value
[ -n "$access$process" ] || access=/etc/kubernetes/kubelet.conf
cert=$(setting "$access" client-certificate)
case $cert in
	'') cert=$access; pem=$(setting "$access" client-certificate-data | base64 -d 2>/dev/null | certificate);;
	/*) pem=$([ ! -f "$cert" ] || certificate <"$cert");;
	*) cert=${access%/*}/$cert; pem=$([ ! -f "$cert" ] || certificate <"$cert");;
esac
[ -z "$pem" ] || text certificate "$cert" "$pem"
