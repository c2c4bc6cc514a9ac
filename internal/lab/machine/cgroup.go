//go:build linux

package machine

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A hierarchy is a tree of control groups: one per controller with version 1, one in all with version 2.
type hierarchy struct {
	Controllers string // "memory", "cpu,cpuacct", "name=systemd"; empty with version 2
	Group       string // the folder of the group in question
}

func unified(all []hierarchy) bool { return len(all) == 1 && all[0].Controllers == "" }

// ownGroups finds the groups of this process. Where there are both versions, the controllers are with version 1.
func ownGroups() ([]hierarchy, error) {
	mounts, err := groupMounts()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, fmt.Errorf("finding the control groups: %w", err)
	}
	var v1, v2 []hierarchy
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		where, mounted := mounts[fields[1]]
		if len(fields) != 3 || !mounted {
			continue
		}
		h := hierarchy{Controllers: fields[1], Group: filepath.Join(where, fields[2])}
		if h.Controllers == "" {
			h.Group = where // below the root, where systemd has enabled the controllers and no process is in the way
			v2 = append(v2, h)
		} else {
			v1 = append(v1, h)
		}
	}
	if len(v1) > 0 {
		return v1, nil
	}
	if len(v2) == 0 {
		return nil, errors.New("no control groups are mounted")
	}
	return v2, nil
}

// groupMounts maps the controllers of each mounted hierarchy to its mount point.
func groupMounts() (map[string]string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("finding the control groups: %w", err)
	}
	defer func() { _ = f.Close() }()
	mounts := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		place, kind := strings.Fields(before), strings.Fields(after)
		if len(place) < 5 || len(kind) < 3 {
			continue
		}
		switch kind[0] {
		case "cgroup2":
			mounts[""] = place[4]
		case "cgroup":
			var controllers []string
			for o := range strings.SplitSeq(kind[2], ",") {
				switch o {
				case "rw", "ro", "xattr", "clone_children", "noprefix":
				default:
					if !strings.HasPrefix(o, "release_agent=") {
						controllers = append(controllers, o)
					}
				}
			}
			mounts[strings.Join(controllers, ",")] = place[4]
		}
	}
	return mounts, nil
}

// newGroups makes a group in every hierarchy.
func newGroups(name string) ([]hierarchy, error) {
	own, err := ownGroups()
	if err != nil {
		return nil, err
	}
	var groups []hierarchy
	for _, h := range own {
		h.Group = filepath.Join(h.Group, name)
		if err := os.MkdirAll(h.Group, 0o755); err != nil {
			return nil, fmt.Errorf("making a control group: %w", err)
		}
		if strings.Contains(h.Controllers, "cpuset") { // version 1 gives a new group no processors
			if err := inheritProcessors(h.Group); err != nil {
				return nil, err
			}
		}
		groups = append(groups, h)
	}
	return groups, nil
}

func inheritProcessors(group string) error {
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		for _, dir := range []string{filepath.Dir(group), group} {
			have, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				return fmt.Errorf("reading a control group: %w", err)
			}
			if strings.TrimSpace(string(have)) != "" {
				continue
			}
			from, err := os.ReadFile(filepath.Join(filepath.Dir(dir), file))
			if err != nil {
				return fmt.Errorf("reading a control group: %w", err)
			}
			if err := os.WriteFile(filepath.Join(dir, file), from, 0o644); err != nil {
				return fmt.Errorf("giving processors to a control group: %w", err)
			}
		}
	}
	return nil
}

// admit puts a process into groups.
func admit(groups []hierarchy, pid int) error {
	for _, h := range groups {
		if err := os.WriteFile(filepath.Join(h.Group, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644); err != nil {
			return fmt.Errorf("entering a control group: %w", err)
		}
	}
	return nil
}

// freeze stops every process in the groups, or lets them go on.
func freeze(groups []hierarchy, frozen bool) error {
	for _, h := range groups {
		var file, value string
		switch h.Controllers {
		case "":
			file, value = "cgroup.freeze", map[bool]string{true: "1", false: "0"}[frozen]
		case "freezer":
			file, value = "freezer.state", map[bool]string{true: "FROZEN", false: "THAWED"}[frozen]
		default:
			continue
		}
		if err := os.WriteFile(filepath.Join(h.Group, file), []byte(value), 0o644); err != nil {
			return fmt.Errorf("freezing a machine: %w", err)
		}
	}
	return nil
}

// removeGroups removes groups without processes, with all below.
func removeGroups(groups []hierarchy) error {
	for _, h := range groups {
		var dirs []string
		err := filepath.WalkDir(h.Group, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil // a group may go while we look
		})
		if err != nil {
			return fmt.Errorf("finding control groups: %w", err)
		}
		for i := len(dirs) - 1; i >= 0; i-- {
			if err := os.Remove(dirs[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("removing a control group: %w", err)
			}
		}
	}
	return nil
}

// sweep removes the groups of processes that died before they could.
func sweep() error {
	own, err := ownGroups()
	if err != nil {
		return err
	}
	var stale []hierarchy
	for _, h := range own {
		groups, err := filepath.Glob(filepath.Join(h.Group, groupPrefix+"*"))
		if err != nil {
			return fmt.Errorf("finding control groups: %w", err)
		}
		for _, g := range groups {
			owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(g), groupPrefix), "-")
			if _, err := os.Stat("/proc/" + owner); errors.Is(err, fs.ErrNotExist) {
				stale = append(stale, hierarchy{Controllers: h.Controllers, Group: g})
			}
		}
	}
	return removeGroups(stale)
}

// mountGroups mounts the machine's own part of each hierarchy, which is all it sees.
func mountGroups(b birth) error {
	dir := filepath.Join(b.Root, "sys/fs/cgroup")
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if unified(b.Groups) {
		return mount("cgroup2", dir, "cgroup2", flags, "")
	}
	if err := mount("tmpfs", dir, "tmpfs", flags, "mode=755"); err != nil {
		return err
	}
	for _, h := range b.Groups {
		at := filepath.Join(dir, strings.TrimPrefix(h.Controllers, "name="))
		if err := os.Mkdir(at, 0o755); err != nil {
			return err
		}
		options := h.Controllers
		if strings.HasPrefix(options, "name=") {
			options = "none," + options
		}
		if err := mount("cgroup", at, "cgroup", flags, options); err != nil {
			return err
		}
	}
	return nil
}
