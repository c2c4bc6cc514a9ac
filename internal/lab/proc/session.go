//go:build linux

package proc

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
)

// sessionVariable marks, in its environment, every process that a node's SSH sessions start, daemons included.
const sessionVariable = "ETCDRECOVERY_LAB_NODE"

// SessionMark is what the environment of a session of the node with this root must have.
func SessionMark(root string) string { return sessionVariable + "=" + root }

// OfSessions returns the processes that SSH sessions of the node with this root started, however far removed.
func OfSessions(root string) []int {
	mark := []byte(SessionMark(root) + "\x00")
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		// A process that ends meanwhile, or belongs to somebody else, does not count.
		env, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err == nil && bytes.Contains(append(env, 0), mark) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// KillSessions kills them all.
func KillSessions(root string) {
	KillAll(func() []int { return OfSessions(root) })
}
