package executor

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"syscall"
	"time"
)

// holderOf is what stands in a lock: a line for people, and one by which a process of the same machine is found, or
// found gone.
func holderOf(what string, now time.Time) string {
	host, _ := os.Hostname()
	name := "somebody"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return fmt.Sprintf(
		"%s@%s (pid %d), with %s, since %s\n%s",
		name,
		host,
		os.Getpid(),
		what,
		now.UTC().Format(time.RFC3339),
		processOf(os.Getpid(), now),
	)
}

// processOf identifies a process for good: by the boot of its machine, its PID namespace, its ID and when it was
// started (proc(5): in ticks since the boot). The time keeps two operations of one process apart.
func processOf(pid int, now time.Time) string {
	return fmt.Sprintf("%s %d %s %d", processSpace(), pid, startOf(pid), now.UnixNano())
}

// processSpace identifies the space in which a process ID means anything: this boot of this machine, and the PID
// namespace.
func processSpace() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "-"
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return "-"
	}
	return strings.TrimSpace(string(boot)) + " " + space
}

// startOf is when a process was started, "-" where that cannot be told, "" of one that is no more.
func startOf(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, os.ErrNotExist) {
		// Other users' processes may be hidden (proc(5), hidepid), and are there all the same.
		if p, err := os.FindProcess(pid); err == nil && !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone) {
			return "-"
		}
		return ""
	}
	_, rest, ok := strings.Cut(string(stat), ") ") // the name before it may hold anything but this
	fields := strings.Fields(rest)
	if err != nil || !ok || len(fields) < 20 {
		return "-"
	}
	if fields[0] == "Z" || fields[0] == "X" { // dead, and only not waited for
		return ""
	}
	return fields[19]
}

// abandoned tells that a holder was a process of this machine that is no more.
func abandoned(holder string) bool {
	_, process, _ := strings.Cut(holder, "\n")
	rest, here := strings.CutPrefix(process, processSpace()+" ")
	var (
		pid   int
		start string
	)
	if _, err := fmt.Sscanf(rest, "%d %s", &pid, &start); err != nil || !here || processSpace() == "-" || start == "-" {
		return false
	}
	return startOf(pid) != start && startOf(pid) != "-"
}
