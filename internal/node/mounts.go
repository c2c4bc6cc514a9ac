package node

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// mounts is what is mounted on a node, and what should be.
type mounts struct {
	mounted map[string]string // the type of the file system on top, by mount point
	wanted  []wanted
	links   map[string]string // symbolic links on the way to the places that are asked for
}

// wanted is a mount that is written down.
type wanted struct {
	what, where string
	by          string  // the file in which it is
	source      *wanted // the mount of what is mounted, where that is the one that is missing
}

// isFolder reports whether a folder is mounted, or a file, and no device.
func (w wanted) isFolder() bool { return path.IsAbs(w.what) && !within(path.Clean(w.what), "/dev") }

// addLines takes what mounts.sh prints of files, and the units in their order of precedence.
func (m *mounts) addLines(text string, units []string) {
	ofUnit := map[string]*wanted{}
	for line := range strings.Lines(text) {
		file, line, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		switch file {
		case "mounted":
			if at, kind, ok := strings.Cut(line, " "); ok {
				m.mounted[unescape(at)] = kind // a later one lies over an earlier one
			}
		case "fstab":
			fields := strings.Fields(line)
			if len(fields) >= 2 && !strings.HasPrefix(fields[0], "#") {
				m.want(wanted{what: unescape(fields[0]), where: unescape(fields[1]), by: "/etc/fstab"})
			}
		default:
			key, value, _ := strings.Cut(line, "=")
			if ofUnit[file] == nil {
				ofUnit[file] = &wanted{by: file}
			}
			switch value = strings.TrimSpace(value); strings.TrimSpace(key) {
			case "What":
				ofUnit[file].what = value
			case "Where":
				ofUnit[file].where = value
			}
		}
	}
	seen := map[string]bool{}
	for _, unit := range units {
		if name := path.Base(unit); !seen[name] {
			seen[name] = true
			if w := ofUnit[unit]; w != nil {
				m.want(*w)
			}
		}
	}
}

func (m *mounts) want(w wanted) {
	if path.IsAbs(w.where) && path.Clean(w.where) != "/" {
		w.where = path.Clean(w.where)
		m.wanted = append(m.wanted, w)
	}
}

// unescape reads the octal numbers for characters that would be separators in mountinfo and fstab.
func unescape(s string) string {
	var plain strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				plain.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		plain.WriteByte(s[i])
	}
	return plain.String()
}

// real follows the links on the way to a place.
func (m *mounts) real(place string) string {
	at, rest := "/", strings.Split(place, "/")
	for followed := 0; len(rest) > 0; {
		next := path.Join(at, rest[0])
		rest = rest[1:]
		to, isLink := m.links[next]
		if !isLink || followed == 40 {
			at = next
			continue
		}
		followed++
		rest = append(strings.Split(to, "/"), rest...)
		if path.IsAbs(to) {
			at = "/"
		}
	}
	return at
}

// missing returns the mount on which a place should lie, or which should be at the place, where it is not mounted; nil
// where none is missing.
func (m *mounts) missing(place string) *wanted { return m.missingBut(place, map[string]bool{}) }

// missingBut is missing for places that were not asked for before: a folder may be mounted on itself.
func (m *mounts) missingBut(place string, asked map[string]bool) *wanted {
	place = path.Clean(place)
	if asked[place] {
		return nil
	}
	asked[place] = true
	ways := []string{place, m.real(place)}
	for _, w := range m.wanted {
		if !slices.ContainsFunc(ways, func(p string) bool { return p == w.where || within(p, w.where) }) {
			continue
		}
		if !m.isMounted(w.where) && !m.isMounted(m.real(w.where)) {
			return &w
		}
		// A folder that is mounted elsewhere is as empty as the mount point in which it lies.
		if w.isFolder() {
			if w.source = m.missingBut(w.what, asked); w.source != nil {
				return &w
			}
		}
	}
	return nil
}

// isMounted reports whether there is a mount at a place. An automount over which nothing lies is none.
func (m *mounts) isMounted(place string) bool {
	kind, ok := m.mounted[place]
	return ok && kind != "autofs"
}

// at says of a mount that is missing where it is written down, and what it would be for a place.
func (w wanted) at(place string) string {
	there := "there"
	if path.Clean(place) != w.where {
		there = "at " + w.where
	}
	what := w.what
	if what == "" {
		what = "a file system"
	}
	text := w.by + " mounts " + what + " " + there
	if w.source != nil {
		return text + ", and " + w.source.at(w.what)
	}
	return text + ", which is not mounted now"
}

// under returns where the file system is mounted on which a place is; "" where that is not known.
func (m *mounts) under(place string) string {
	for at := m.real(place); ; at = path.Dir(at) {
		if m.isMounted(at) {
			return at
		}
		if at == "/" {
			return ""
		}
	}
}
