# shellcheck shell=sh
# Reads the IP addresses of this machine, for which ip and ifconfig may be missing. It comes after look.sh.
#
# Records: addresses LINES: 10.0.0.1/32 for each address of IPv4, or the like for a whole network that is local, and 32
#          hexadecimal digits for each of IPv6; nonlocal yes where sockets may be bound to addresses that are not there.
# Exit code: none of its own: what comes after it decides.
set --
for f in /proc/net/fib_trie /proc/net/if_inet6; do [ ! -r "$f" ] || set -- "$@" "$f"; done
[ $# -eq 0 ] || text addresses "$(awk '
	$1 == "|--" { address = $2 }
	$1 ~ /^\// && $3 == "LOCAL" && !seen[address $1]++ { print address $1 }
	length($1) == 32 { print $1 }' "$@")"
for f in /proc/sys/net/ipv4/ip_nonlocal_bind /proc/sys/net/ipv6/ip_nonlocal_bind; do
	value=; [ ! -r "$f" ] || read -r value <"$f"
	[ "$value" != 1 ] || text nonlocal yes
done
set --
