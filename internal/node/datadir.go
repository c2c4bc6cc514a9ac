package node

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// DataDir is the data folder of a member, to be read piece by piece. What of the database is near to what is asked for
// comes along, and is kept, which saves round trips.
type DataDir struct {
	node          *Node
	paths         Paths
	found         *Disk
	wal, database string
	have          map[int64][]byte // blocks of the database
}

// DataDir opens one in which Disk has found what is there.
func (n *Node) DataDir(p Paths, found *Disk) *DataDir {
	return &DataDir{
		node:     n,
		paths:    p,
		found:    found,
		wal:      p.wal(),
		database: path.Join(p.DataDir, "member", "snap", "db"),
		have:     map[int64][]byte{},
	}
}

// Segments are the names of the log's files.
func (d *DataDir) Segments() []string { return d.found.Segments }

// Snapshots are the names of the files beside the database.
func (d *DataDir) Snapshots() []string { return d.found.Snapshots }

// Segment brings a file of the log over in one round trip, compressed: the zeros with which etcd makes a new one take
// up next to nothing then.
func (d *DataDir) Segment(ctx context.Context, name string) (io.ReadCloser, error) {
	return d.compressed(ctx, path.Join(d.wal, name))
}

// Snapshot does the same with a file beside the database.
func (d *DataDir) Snapshot(ctx context.Context, name string) (io.ReadCloser, error) {
	return d.compressed(ctx, path.Join(path.Dir(d.database), name))
}

func (d *DataDir) compressed(ctx context.Context, file string) (io.ReadCloser, error) {
	out, err := d.node.run(ctx, script("segment"), file)
	if err != nil {
		return nil, fmt.Errorf("reading %s on %s: %w", file, d.node.Name, err)
	}
	text, err := gzip.NewReader(bytes.NewReader(out))
	if err != nil {
		return nil, fmt.Errorf("reading %s on %s: %w", file, d.node.Name, err)
	}
	return text, nil
}

// Changed tells whether anything was written to log or database since Disk has looked, or since it was last called.
// What was read before is forgotten then.
func (d *DataDir) Changed(ctx context.Context) (bool, error) {
	out, err := d.node.run(ctx, script("stamp", "changed"), d.paths.DataDir, d.paths.WALDir)
	if err != nil {
		return false, fmt.Errorf("looking at %s on %s: %w", d.wal, d.node.Name, err)
	}
	stamp := strings.TrimSpace(string(out))
	if stamp == strings.TrimSpace(d.found.Stamp) {
		return false, nil
	}
	d.found.Stamp, d.have = stamp, map[int64][]byte{}
	return true, nil
}

// blockSize is that of a piece. A round trip costs more than a few pages.
const blockSize = 16 << 10

// ReadAt reads a part of the database. It gives fewer bytes only where that ends.
func (d *DataDir) ReadAt(ctx context.Context, offset int64, length int) ([]byte, error) {
	if offset < 0 || length <= 0 {
		return nil, nil
	}
	first, last := offset/blockSize, (offset+int64(length)-1)/blockSize
	if err := d.fetch(ctx, first, last); err != nil {
		return nil, err
	}
	var text []byte
	for i := first; i <= last; i++ {
		text = append(text, d.have[i]...)
	}
	from := min(offset-first*blockSize, int64(len(text)))
	return text[from:min(from+int64(length), int64(len(text)))], nil
}

// fetch reads those blocks of a range that are not there yet.
func (d *DataDir) fetch(ctx context.Context, first, last int64) error {
	for first <= last && d.have[first] != nil {
		first++
	}
	for first <= last && d.have[last] != nil {
		last--
	}
	if first > last {
		return nil
	}
	out, err := d.node.run(
		ctx,
		script("read_blocks"),
		d.database,
		strconv.Itoa(blockSize),
		strconv.FormatInt(first, 10),
		strconv.FormatInt(last-first+1, 10),
	)
	if err != nil {
		return fmt.Errorf("reading %s on %s: %w", d.database, d.node.Name, err)
	}
	for i := first; i <= last; i++ {
		n := min(blockSize, len(out))
		d.have[i], out = append([]byte{}, out[:n]...), out[n:]
	}
	return nil
}
