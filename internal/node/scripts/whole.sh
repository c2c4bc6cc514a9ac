# shellcheck shell=sh
# whole sets whole to the text that comes in, which is short and has no NUL, as $(cat) would: without a process, and
# with the line breaks at its end.
# Exit code: none of its own: it defines functions.
nl='
'
whole() {
	whole=; line=
	while IFS= read -r line; do whole=$whole$line$nl; done
	whole=$whole$line
}
