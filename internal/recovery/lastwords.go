package recovery

import (
	"slices"
	"strings"
)

// What etcd says last where its data can never work in its cluster again (etcd, server/etcdserver; raft, log.go).
const (
	wasRemoved   = "the member has been permanently removed from the cluster"
	lostLog      = "is out of range [lastIndex" // its log is shorter than what it has acknowledged
	bootstrapped = "has already been bootstrapped"
)

// Disowned returns the words with which etcd says that its data can never work in its cluster again: it was removed, or
// its log is shorter than what it acknowledged, or the cluster knows it as one that had data. The last two are what a
// wiped disk looks like. It returns "" where there are none.
func (e Evidence) Disowned() string {
	for _, line := range e.LastWords {
		for _, sign := range []string{lostLog, wasRemoved, bootstrapped} {
			if strings.Contains(line, sign) {
				return sign
			}
		}
	}
	return ""
}

// SentAway reports whether a node's etcd ended because another member told it that it was removed.
func (e Evidence) SentAway() bool {
	return slices.ContainsFunc(e.LastWords, func(line string) bool { return strings.Contains(line, wasRemoved) })
}
