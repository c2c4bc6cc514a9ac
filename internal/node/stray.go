package node

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// DefaultDataDir is the data folder of kubeadm's manifests, and of most others.
const DefaultDataDir = "/var/lib/etcd"

// Stray is what is in the folders where a member's data may be, on a node that has no manifest of etcd.
type Stray struct {
	Data string // the first folder with the data of a member, whoever it belongs to
	// Why finding none is no proof that there is none: a mount is missing, or a folder cannot be read. "" where the
	// absence is proved, or nothing is absent.
	Unknown string
}

// Stray looks for the data of a member in these folders, and in those that lie in them. One round trip.
func (n *Node) Stray(ctx context.Context, dirs ...string) (*Stray, error) {
	records, err := n.read(ctx, script("parts", "mounts", "folder", "stray"), dirs...)
	if err != nil {
		return nil, fmt.Errorf("looking for data of etcd in %s on %s: %w", strings.Join(dirs, ", "), n.Name, err)
	}
	seen, all := placesOf(records), slices.Clone(dirs)
	var found []string
	for _, r := range records {
		switch r.kind {
		case "within":
			all = append(all, r.field(0))
		case "stray":
			found = append(found, r.field(0))
		}
	}
	for _, w := range seen.wanted {
		below := slices.ContainsFunc(dirs, func(dir string) bool { return within(w.where, dir) })
		if below && !slices.Contains(all, w.where) {
			all = append(all, w.where)
		}
	}
	var parts []part
	for _, dir := range all {
		parts = append(parts, part{
			place: dir,
			lacks: "without data of etcd",
			there: slices.ContainsFunc(found, func(f string) bool {
				return f == dir || within(f, dir) || within(dir, f)
			}),
		})
	}
	s := &Stray{}
	s.Unknown, _ = seen.prove(parts...)
	if len(found) > 0 {
		s.Data = found[0]
	}
	return s, nil
}

// within reports whether a place lies in a folder.
func within(place, dir string) bool { return strings.HasPrefix(place, dir+"/") }
