// Package machine makes Debian machines in Linux namespaces: each with a network, mounts, processes, host name and
// control groups of its own, a disk that survives a power-off, and systemd as its first process. It knows nothing of
// Kubernetes or etcd.
//
// The machines of a process hang on its host namespace: a network namespace without a way out, in which the process
// itself runs. Main makes it. From there machines are reached at their own addresses; nothing is reached from outside,
// nor anything outside from within.
//
// Control groups are used in version 1 where its controllers are mounted, else in version 2. Only version 1 has been
// tried.
//
// It needs Linux, root, and Debian's packages mmdebstrap, iproute2 and util-linux. A machine dies with the process that
// started it.
package machine
