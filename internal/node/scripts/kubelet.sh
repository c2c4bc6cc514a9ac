# shellcheck shell=sh
# Finds the kubelet, its settings and its certificate. Functions of parts.sh print the records.
#
# Arguments: $1 and $2 are the operator's own kubelet_config and manifest_dir, "" where they are to be found.
# Records:   kubelet RUNS SERVICE AGE, where RUNS is "yes" or "" and AGE is in seconds; certificate PATH PEM.
# Leaves:    process, config, dir and endpoint, and runtime, the kubelet's flag, for what comes after.
# Exit code: none of its own: what comes after it decides.
# shellcheck disable=SC2154 # nl is set in parts.sh
# shellcheck disable=SC2034 # discover.sh reads runtime
argv=; process=; age=
# flags sets variables to the last of each flag in $argv, as the kubelet does: --flag=value or --flag value.
flags() {
	config_flag=; dir_flag=; endpoint_flag=; kubeconfig=; runtime=
	rest=$argv; last=
	while [ -n "$rest" ]; do
		arg=${rest%%"$nl"*}; rest=${rest#"$arg"}; rest=${rest#"$nl"}
		case $arg in
			--config=*) config_flag=${arg#*=};;
			--pod-manifest-path=*) dir_flag=${arg#*=};;
			--container-runtime-endpoint=*) endpoint_flag=${arg#*=};;
			--kubeconfig=*) kubeconfig=${arg#*=};;
			--container-runtime=*) runtime=${arg#*=};;
		esac
		case $last in
			--config) config_flag=$arg;;
			--pod-manifest-path) dir_flag=$arg;;
			--container-runtime-endpoint) endpoint_flag=$arg;;
			--kubeconfig) kubeconfig=$arg;;
			--container-runtime) runtime=$arg;;
		esac
		last=$arg
	done
}
# settings FILE NAME NAME sets first and second to scalars, each on a line of its own in a file of YAML, or of JSON that
# is written in lines.
settings() {
	first=; second=; one=; two=
	[ -f "$1" ] || return 0
	found=$(sed -n "
		/^[[:space:]]*\"\{0,1\}$2\"\{0,1\}[[:space:]]*:[[:space:]]*/ { s//1/; b scalar
		}
		/^[[:space:]]*\"\{0,1\}$3\"\{0,1\}[[:space:]]*:[[:space:]]*/ { s//2/; b scalar
		}
		d
		:scalar
		s/^\(.\)#.*/\1/; s/[[:space:]]#.*//; s/[[:space:],]*\$//
		s/^\(.\)\"\(.*\)\"\$/\1\2/; s/^\(.\)'\(.*\)'\$/\1\2/; p" "$1")
	IFS=$nl; set -f
	for line in $found; do
		case $line in
			1*) [ -n "$one" ] || { first=${line#1}; one=yes; };;
			2*) [ -n "$two" ] || { second=${line#2}; two=yes; };;
		esac
	done
	set +f; unset IFS
}
# uids FILE sets uids to the real and the effective one in a status of proc(5).
uids() {
	uids=
	while read -r key real effective rest; do
		case $key in Uid:) uids="$real $effective"; break;; esac
	done <"$1"
}
# The kubelet of this machine: not one in a container (kind), nor a process of that name that is somebody else's, whose
# word would be taken.
config_flag=
uids /proc/self/status; me=${uids#* }
# shellcheck disable=SC2013 # names in /proc are words
# shellcheck disable=SC3013 # dash, bash and busybox have -ef
for p in $(grep -ls kubelet /proc/[0-9]*/cmdline); do
	p=${p%/cmdline}
	[ "$p/ns/pid" -ef /proc/self/ns/pid ] || continue
	uids "$p/status"; [ "$uids" = "$me $me" ] || continue
	argv=$(tr '\0' '\n' <"$p/cmdline")
	first=${argv%%"$nl"*}
	[ "${first##*/}" = kubelet ] || continue
	flags
	if [ -z "$1" ] || [ "$config_flag" = "$1" ]; then process=yes; break; fi
done 2>/dev/null
[ -n "$process" ] || { argv=; config_flag=; }
config=${1:-$config_flag}
case $config in /*) ;; *) config=/var/lib/kubelet/config.yaml;; esac
if [ -z "$process" ]; then
	# What kubeadm made the kubelet's flags from, for one that does not run.
	file=${config%/*}/kubeadm-flags.env
	[ ! -r "$file" ] || while IFS= read -r line || [ -n "$line" ]; do
		case $line in KUBELET_KUBEADM_ARGS=*) line=${line#*=};; *) continue;; esac
		while case $line in *[\"\']*) ;; *) false;; esac; do line=${line%%[\"\']*}${line#*[\"\']}; done
		set -f; for arg in $line; do argv=$argv${argv:+$nl}$arg; done; set +f
	done <"$file"
	flags
fi
dir=${2:-$dir_flag}; endpoint=$endpoint_flag
if [ -z "$dir" ] || [ -z "$endpoint" ]; then
	settings "$config" staticPodPath containerRuntimeEndpoint
	dir=${dir:-$first}; endpoint=${endpoint:-$second}
fi

# age_of PROCESS sets age. Both clocks count from the machine's start: proc(5), fields 22 of stat and 1 of uptime, in
# hundredths of a second on every kind of machine that Kubernetes runs on.
age_of() {
	read -r stat <"$1/stat" && read -r up rest </proc/uptime || return 0
	# shellcheck disable=SC2086 # fields
	{ set -f; set -- ${stat##*') '}; set +f; }
	case ${20-} in
		''|*[!0-9]*) ;;
		*) age=$(((${up%.*} * 100 + 1${up#*.} - 100 - ${20}) / 100 + 1));;
	esac
}
[ -z "$process" ] || { age_of "$p"; } 2>/dev/null
service=$(systemctl is-active kubelet 2>/dev/null)
text kubelet "$process" "${service%%"$nl"*}" "$age"

# Of what may hold a private key too, the first certificate alone. A line too long for PEM ends it: that would be a file
# without line breaks.
# shellcheck disable=SC2016 # a program of awk
certificate='
	length($0) > 100 { exit }
	/-----BEGIN / { keep = /-----BEGIN CERTIFICATE-----/; block = "" }
	keep { block = block $0 "\n" }
	keep && /-----END CERTIFICATE-----/ { printf "%s", block; exit }'
access=$kubeconfig
[ -n "$access$process" ] || access=/etc/kubernetes/kubelet.conf
settings "$access" client-certificate client-certificate-data
cert=$first; pem=
case $cert in
	''|/*) ;;
	*) cert=${access%/*}/$cert;;
esac
if [ -z "$cert" ]; then
	cert=$access
	[ -z "$second" ] || pem=$(printf '%s\n' "$second" | base64 -d 2>/dev/null | awk "$certificate")
elif [ -f "$cert" ]; then
	pem=$(awk "$certificate" <"$cert")
fi
[ -z "$pem" ] || text certificate "$cert" "$pem"
