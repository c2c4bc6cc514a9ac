//go:build linux

package machine

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Processes are those of a service, by their numbers on this machine.
func (m *Machine) Processes(service string) []int {
	var pids []int
	for _, h := range m.groups {
		// Not every hierarchy of version 1 has a group for each service.
		for _, pid := range members(filepath.Join(h.Group, "system.slice", service+".service")) {
			if !slices.Contains(pids, pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// Find returns the processes whose program has this name, by their numbers on this machine. It starts none, so that it
// costs little to look again and again.
func (m *Machine) Find(name string) []int {
	m.mu.Lock()
	on, groups := m.pid != 0, m.groups
	m.mu.Unlock()
	if !on || len(groups) == 0 {
		return nil
	}
	var pids []int
	// Each hierarchy has all processes. A group may go while we look.
	_ = filepath.WalkDir(groups[0].Group, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil //nolint:nilerr // see above
		}
		for _, pid := range members(path) {
			if comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); err == nil &&
				strings.TrimSuffix(string(comm), "\n") == name {
				pids = append(pids, pid)
			}
		}
		return nil
	})
	slices.Sort(pids)
	return pids
}

// Inside returns the number that a process of this machine has on the machine itself, 0 where it has ended.
func Inside(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		// From the outermost namespace to that of its container.
		if numbers, ok := strings.CutPrefix(line, "NSpid:"); ok {
			if all := strings.Fields(numbers); len(all) > 1 {
				inside, _ := strconv.Atoi(all[1])
				return inside
			}
		}
	}
	return 0
}

// members are the processes of a control group.
func members(group string) []int {
	text, _ := os.ReadFile(filepath.Join(group, "cgroup.procs")) // it may have gone
	var pids []int
	for field := range strings.FieldsSeq(string(text)) {
		if pid, err := strconv.Atoi(field); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids
}
