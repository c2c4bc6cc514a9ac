//go:build linux

package proc

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"
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
		if bytes.Contains(append(environ(filepath.Join("/proc", e.Name())), 0), mark) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// environ returns a process's environment, which is empty for a moment while it becomes another program (execve(2)).
// The kernel's own have none, and no program.
func environ(dir string) []byte {
	for range 20 {
		env, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil || len(env) > 0 {
			return env
		}
		if _, err := os.Readlink(filepath.Join(dir, "exe")); err != nil {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

// KillSessions kills them all.
func KillSessions(root string) {
	KillAll(func() []int { return OfSessions(root) })
}
