package node

import "path"

// folders is what disk.sh says of the folders of data, WAL and database that it could not list.
type folders struct {
	noFolder map[string]bool
	unread   map[string]string // why
}

// wal is the folder of the log.
func (p Paths) wal() string {
	if p.WALDir != "" {
		return p.WALDir
	}
	return path.Join(p.DataDir, "member", "wal")
}

// prove tells an absence that is proved from one that is not: an empty folder may be the place of a disk that is not
// mounted, and a folder that cannot be read looks like an empty one.
func (d *Disk) prove(p Paths, f folders, m *mounts) {
	snap := path.Join(p.DataDir, "member", "snap")
	for _, part := range []struct {
		place, lacks string
		there        bool
	}{
		{place: p.DataDir, lacks: "empty", there: !d.Empty && !f.noFolder[p.DataDir]},
		{place: p.wal(), lacks: "without a log of etcd", there: len(d.Segments) > 0},
		{place: snap, lacks: "without a database of etcd", there: d.Database},
	} {
		missing := m.missing(part.place)
		switch why, unread := f.unread[part.place]; {
		case unread && !part.there:
			d.doubt(part.place + " cannot be read: " + why)
		case missing != nil && part.there:
			if d.NotMounted == "" {
				d.NotMounted = part.place + " has something in it, and " + missing.at(part.place)
			}
		case missing != nil && f.noFolder[part.place]:
			d.doubt(part.place + " is missing, and " + missing.at(part.place))
		case missing != nil:
			d.doubt(part.place + " is " + part.lacks + ", and " + missing.at(part.place))
		}
	}
}

// doubt notes the first reason why an absence is no proof.
func (d *Disk) doubt(why string) {
	d.Empty = false
	if d.EmptyUnknown == "" {
		d.EmptyUnknown = why
	}
}
