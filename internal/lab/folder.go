//go:build linux

package lab

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Folder is a data folder of etcd on this machine, to be read as one on a node is.
type Folder string

// Segments are the names of the files in the log's folder.
func (f Folder) Segments() []string { return f.names("member/wal") }

// Snapshots are the names of the files beside the database.
func (f Folder) Snapshots() []string { return f.names("member/snap") }

func (f Folder) names(dir string) []string {
	entries, _ := os.ReadDir(filepath.Join(string(f), dir))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Segment opens a file of the log.
func (f Folder) Segment(_ context.Context, name string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(string(f), "member/wal", name))
}

// ReadAt reads a part of the database, and less only where that ends.
func (f Folder) ReadAt(_ context.Context, offset int64, length int) ([]byte, error) {
	in, err := os.Open(filepath.Join(string(f), "member/snap/db"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	text := make([]byte, length)
	n, err := in.ReadAt(text, offset)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return text[:n], err
}

// Snapshot opens a file beside the database.
func (f Folder) Snapshot(_ context.Context, name string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(string(f), "member/snap", name))
}
