# shellcheck shell=sh
# nap sleeps between two looks of a wait: shortly at first, since most events come soon, and longer the longer the wait
# already takes. A look costs a master some processes, and a late one costs the user a fraction of the wait.
# Exit code: none of its own: it defines functions.
naps=0
nap() {
	naps=$((naps + 1))
	case $naps in ?) sleep 0.05;; 1?) sleep 0.1;; *) sleep 0.2;; esac
}
# clock sets now to the seconds since the machine was started, which no correction of its time changes.
clock() { read -r now _ </proc/uptime; now=${now%.*}; }
