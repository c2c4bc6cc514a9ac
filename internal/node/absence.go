package node

import "path"

// places is what folder.sh and mounts.sh say: which folders could not be listed, and what is mounted, or should be.
type places struct {
	mounts
	noFolder map[string]bool
	unread   map[string]string // why
}

func placesOf(records []record) *places {
	p := &places{
		mounts:   mounts{mounted: map[string]string{}, links: map[string]string{}},
		noFolder: map[string]bool{},
		unread:   map[string]string{},
	}
	var units []string
	for _, r := range records {
		switch r.kind {
		case "nofolder":
			p.noFolder[r.field(0)] = true
		case "unread":
			p.unread[r.field(0)] = r.field(1)
		case "link":
			p.links[r.field(0)] = r.field(1)
		case "unit":
			units = append(units, r.field(0))
		case "mounts":
			p.addLines(r.field(0), units)
		}
	}
	return p
}

// part is a folder in which something may be looked for in vain.
type part struct {
	place, lacks string
	there        bool // it was found
}

// prove tells an absence that is proved from one that is not: an empty folder may be the place of a disk that is not
// mounted, and a folder that cannot be read looks like an empty one. It returns the first reason why an absence is no
// proof, and the first place in which something is though a mount is missing.
func (p *places) prove(parts ...part) (unknown, notMounted string) {
	doubt := func(why string) {
		if unknown == "" {
			unknown = why
		}
	}
	for _, part := range parts {
		missing := p.missing(part.place)
		switch why, unread := p.unread[part.place]; {
		case unread && !part.there:
			doubt(part.place + " cannot be read: " + why)
		case missing != nil && part.there:
			if notMounted == "" {
				notMounted = part.place + " has something in it, and " + missing.at(part.place)
			}
		case missing != nil && p.noFolder[part.place]:
			doubt(part.place + " is missing, and " + missing.at(part.place))
		case missing != nil:
			doubt(part.place + " is " + part.lacks + ", and " + missing.at(part.place))
		}
	}
	return unknown, notMounted
}

// wal is the folder of the log.
func (p Paths) wal() string {
	if p.WALDir != "" {
		return p.WALDir
	}
	return path.Join(p.DataDir, "member", "wal")
}

// prove judges what is missing in the folders of data, log and database.
func (d *Disk) prove(p Paths, seen *places) {
	d.EmptyUnknown, d.NotMounted = seen.prove(
		part{place: p.DataDir, lacks: "empty", there: !d.Empty && !seen.noFolder[p.DataDir]},
		part{place: p.wal(), lacks: "without a log of etcd", there: len(d.Segments) > 0},
		part{
			place: path.Join(p.DataDir, "member", "snap"), lacks: "without a database of etcd", there: d.Database,
		},
	)
	d.Empty = d.Empty && d.EmptyUnknown == ""
	d.Mount = seen.under(p.DataDir)
}
