package node

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
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

// ErrNotOurs is a file whose text is not one that may be removed or replaced. It is left as it is.
var ErrNotOurs = errors.New("the file is not one that we wrote")

// exitNotOurs is the exit code of a script that leaves such a file.
const exitNotOurs = 76

// notOurs makes ErrNotOurs of the error with which a script says so.
func notOurs(err error) error {
	if exitCode(err) == exitNotOurs {
		return fmt.Errorf("%w: %w", ErrNotOurs, err)
	}
	return err
}

// WriteFile puts a text in place of a file, or makes it. Mode, owner and SELinux label are those of like, or 0600 and
// root's where like is not there. Where hashes are given, a file with another text than those is left as it is, and the
// error is ErrNotOurs.
func (n *Node) WriteFile(ctx context.Context, name string, text []byte, like string, over ...string) error {
	args := append([]string{name, like, base64.StdEncoding.EncodeToString(text)}, over...)
	out, err := n.change(ctx, script("in_place", "ours", "write"), args...)
	if err != nil {
		return fmt.Errorf("writing %s on %s: %w", name, n.Name, notOurs(err))
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

// Unpark puts the manifest back that was parked and has this hash. If it is in its place already it stays. The error is
// ErrNotOurs where another text is in its place, or was parked.
func (n *Node) Unpark(ctx context.Context, parked, manifest, hash string) error {
	_, err := n.change(ctx, script("in_place", "ours", "unpark"), parked, manifest, hash)
	if err != nil {
		return fmt.Errorf("putting %s on %s back: %w", manifest, n.Name, notOurs(err))
	}
	return nil
}

// Remove takes one file away, if it has one of these hashes. The error is ErrNotOurs where it has another one.
func (n *Node) Remove(ctx context.Context, name string, ours ...string) error {
	if _, err := n.change(ctx, script("ours", "remove"), append([]string{name}, ours...)...); err != nil {
		return fmt.Errorf("removing %s on %s: %w", name, n.Name, notOurs(err))
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

// ErrNoCopy is something else in the place of a copy.
var ErrNoCopy = errors.New("no copy of what is")

// CopyAside copies a folder's content into another one, sharing blocks where the file system can, and compares the two
// before it says yes. A copy that was broken off or failed is thrown away and made again; one that is there already
// must be the same: else the error is ErrNoCopy.
func (n *Node) CopyAside(ctx context.Context, from, to string) error {
	_, err := n.change(ctx, script("tether", "copy_aside"), from, to)
	if exitCode(err) == exitNoCopy {
		return fmt.Errorf("what is in %s on %s is %w in %s", to, n.Name, ErrNoCopy, from)
	}
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
	records, err := n.read(ctx, script("parts", "read_files"), names...)
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
