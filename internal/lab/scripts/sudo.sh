#!/bin/sh
# sudo of a lab node. Everybody is allowed everything, unless the lab says that a password is needed (run/sudo holds it;
# an empty file stands for a password that nobody knows).
need='@ROOT@/run/sudo'
stdin='' prompt='[sudo] password: ' never=''

while [ $# -gt 0 ]; do
	case $1 in
	-n | --non-interactive) never=yes ;;
	-S | --stdin) stdin=yes ;;
	-k | -K | -E | -H | --reset-timestamp | --preserve-env | --set-home) ;;
	-v | --validate) set -- -- true && continue ;;
	-p | --prompt) prompt=$2 && shift ;;
	-u | --user | -g | --group) shift ;;
	--prompt=*) prompt=${1#*=} ;;
	--user=* | --group=*) ;;
	--)
		shift
		break
		;;
	-*)
		echo "sudo: invalid option -- '${1#-}'" >&2
		exit 1
		;;
	*) break ;;
	esac
	shift
done

if [ -e "$need" ]; then
	if [ -n "$never" ] || [ -z "$stdin" ]; then
		[ -n "$never" ] || printf 'sudo: a terminal is required to read the password; %s\n' \
			'either use the -S option to read from standard input or configure an askpass helper' >&2
		echo 'sudo: a password is required' >&2
		exit 1
	fi
	printf '%s' "$prompt" >&2
	IFS= read -r given
	IFS= read -r password <"$need"
	if [ -z "$password" ] || [ "$given" != "$password" ]; then
		printf '\nSorry, try again.\n%s' "$prompt" >&2
		printf 'sudo: no password was provided\nsudo: 1 incorrect password attempt\n' >&2
		exit 1
	fi
fi
[ $# -gt 0 ] || exit 0
exec "$@"
