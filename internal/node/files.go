package node

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
)

// Hash is the SHA-256 of a text in hex, as sha256sum prints it.
func Hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// ReadFile reads one file.
func (n *Node) ReadFile(ctx context.Context, name string) ([]byte, error) {
	out, err := n.run(ctx, script("read_file"), name)
	if err != nil {
		return nil, fmt.Errorf("reading %s on %s: %w", name, n.Name, err)
	}
	return out, nil
}

// WriteFile puts a text in place of a file, or makes it. Mode, owner and SELinux label are those of like, or 0600 and
// root's where like is not there.
func (n *Node) WriteFile(ctx context.Context, name string, text []byte, like string) error {
	out, err := n.change(ctx, script("in_place", "write"), name, like, base64.StdEncoding.EncodeToString(text))
	if err != nil {
		return fmt.Errorf("writing %s on %s: %w", name, n.Name, err)
	}
	if got, _, _ := strings.Cut(string(out), " "); got != Hash(text) {
		return fmt.Errorf("writing %s on %s: read back as %s, want %s", name, n.Name, got, Hash(text))
	}
	return nil
}

// Park moves a manifest out of the kubelet's folder, if it is there, and returns the place where it is kept. A
// different manifest that was parked before under that name is kept too, under a number.
func (n *Node) Park(ctx context.Context, manifest string) (string, error) {
	parked := path.Join(n.ParkedDir(), path.Base(manifest))
	_, err := n.change(ctx, script("in_place", "park"), manifest, parked)
	if err != nil {
		return "", fmt.Errorf("moving %s on %s out of the kubelet's folder: %w", manifest, n.Name, err)
	}
	return parked, nil
}

// Unpark puts a manifest back that was parked. One that is in its place already stays.
func (n *Node) Unpark(ctx context.Context, parked, manifest string) error {
	_, err := n.change(ctx, script("in_place", "unpark"), parked, manifest)
	if err != nil {
		return fmt.Errorf("putting %s on %s back: %w", manifest, n.Name, err)
	}
	return nil
}

// Remove takes one file away. Used only for files that this program wrote.
func (n *Node) Remove(ctx context.Context, name string) error {
	if _, err := n.change(ctx, script("remove"), name); err != nil {
		return fmt.Errorf("removing %s on %s: %w", name, n.Name, err)
	}
	return nil
}

// MoveAside renames everything in a folder, but for lost+found and what was put aside before, into another one on the
// same file system. The folder itself stays, with its mode, owner, label and mount. It goes on where it was broken off,
// and when the other folder is there already and nothing is left to move, it was done before.
func (n *Node) MoveAside(ctx context.Context, from, to string) error {
	_, err := n.change(ctx, script("move_aside"), from, to)
	if err != nil {
		return fmt.Errorf("moving the content of %s on %s to %s: %w", from, n.Name, to, err)
	}
	return nil
}

// CopyAside copies a folder's content into another one, sharing blocks where the file system can, and compares the two
// before it says yes. A copy that was broken off or failed is thrown away and made again; one that is there already
// must be the same.
func (n *Node) CopyAside(ctx context.Context, from, to string) error {
	_, err := n.change(ctx, script("tether", "copy_aside"), from, to)
	if err != nil {
		return fmt.Errorf("copying %s on %s to %s: %w", from, n.Name, to, err)
	}
	return nil
}

// Copied ends a copy that is still being made though nobody listens to it any more, and tells whether all of these
// places hold a whole one.
func (n *Node) Copied(ctx context.Context, places ...string) (bool, error) {
	out, err := n.change(ctx, script("end_users", "copied"), append([]string{n.LockPath()}, places...)...)
	if err != nil {
		return false, fmt.Errorf("looking for a copy on %s: %w", n.Name, err)
	}
	return len(out) > 0, nil
}

// DropCopying takes away what a copy has left that was broken off with its master, and returns those of the places that
// hold a whole one.
func (n *Node) DropCopying(ctx context.Context, places ...string) ([]string, error) {
	out, err := n.change(ctx, script("drop_copying"), places...)
	if err != nil {
		return nil, fmt.Errorf("removing what is left of a copy on %s: %w", n.Name, err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' }), nil
}

// Exists tells whether there is anything at that path.
func (n *Node) Exists(ctx context.Context, name string) (bool, error) {
	out, err := n.run(ctx, script("exists"), name)
	return len(out) > 0, err
}

// WriteJournal keeps the journal of that name.
func (n *Node) WriteJournal(ctx context.Context, name string, text []byte) error {
	return n.WriteFile(ctx, n.journalPath(name), text, "")
}

// ReadFiles reads those of the files that are there, in one round trip.
func (n *Node) ReadFiles(ctx context.Context, names ...string) (map[string][]byte, error) {
	out, err := n.run(ctx, script("parts", "read_files"), names...)
	if err != nil {
		return nil, err
	}
	records, err := parseParts(out)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, r := range records {
		files[r.field(0)] = []byte(r.field(1))
	}
	return files, nil
}

// Keep moves a parked manifest, if there is one, to a place of its own; to the next free number beside it where another
// text is there.
func (n *Node) Keep(ctx context.Context, parked, place string) error {
	_, err := n.change(ctx, script("keep"), parked, place)
	if err != nil {
		return fmt.Errorf("keeping %s on %s: %w", parked, n.Name, err)
	}
	return nil
}
