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
	out, err := n.run(ctx, `cat -- "$1"`, name)
	if err != nil {
		return nil, fmt.Errorf("reading %s on %s: %w", name, n.Name, err)
	}
	return out, nil
}

// inPlace lets a file appear as a whole or not at all: it is made as $tmp, under a name that starts with a dot, which
// the kubelet does not read. What was left by one that was broken off goes, too.
const inPlace = `set -e
begin() {
  mkdir -p "${1%/*}/"; rm -f "${1%/*}"/.etcdrecovery-*
  tmp=${1%/*}/.etcdrecovery-${1##*/}; trap 'rm -f "$tmp"' EXIT
}
finish() { sync "$tmp" 2>/dev/null || sync; mv -f "$tmp" "$1"; }
# GNU's cp keeps the label of SELinux, too, which a new file would take from its folder. Where there is none that is no failure.
like() { cp -p --preserve=all "$1" "$tmp" 2>/dev/null || cp -p "$1" "$tmp"; }
`

// WriteFile puts a text in place of a file, or makes it. Mode, owner and SELinux label are those of like, or 0600 and
// root's where like is not there.
func (n *Node) WriteFile(ctx context.Context, name string, text []byte, like string) error {
	out, err := n.change(ctx, inPlace+`begin "$1"
[ ! -f "$2" ] || like "$2"
base64 -d >"$tmp" <<'END'
`+base64.StdEncoding.EncodeToString(text)+`
END
finish "$1"
sha256sum <"$1"`, name, like)
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
	_, err := n.change(
		ctx,
		inPlace+`[ -f "$1" ] || { [ -f "$2" ] && exit 0; echo "neither $1 nor $2 is there" >&2; exit 1; }
if [ -f "$2" ] && ! cmp -s "$1" "$2"; then i=1; while [ -e "$2.$i" ]; do i=$((i+1)); done; mv "$2" "$2.$i"; fi
begin "$2"
like "$1"
finish "$2"
rm -f "$1"`,
		manifest,
		parked,
	)
	if err != nil {
		return "", fmt.Errorf("moving %s on %s out of the kubelet's folder: %w", manifest, n.Name, err)
	}
	return parked, nil
}

// Unpark puts a manifest back that was parked. One that is in its place already stays.
func (n *Node) Unpark(ctx context.Context, parked, manifest string) error {
	_, err := n.change(ctx, inPlace+`if [ -e "$2" ]; then if cmp -s "$1" "$2"; then rm -f "$1"; fi; exit 0; fi
begin "$2"
like "$1"
finish "$2"
rm -f "$1"`, parked, manifest)
	if err != nil {
		return fmt.Errorf("putting %s on %s back: %w", manifest, n.Name, err)
	}
	return nil
}

// Remove takes one file away. Used only for files that this program wrote.
func (n *Node) Remove(ctx context.Context, name string) error {
	if _, err := n.change(ctx, `rm -f -- "$1"`, name); err != nil {
		return fmt.Errorf("removing %s on %s: %w", name, n.Name, err)
	}
	return nil
}

// MoveAside renames everything in a folder, but for lost+found and what was put aside before, into another one on the
// same file system. The folder itself stays, with its mode, owner, label and mount. It goes on where it was broken off,
// and when the other folder is there already and nothing is left to move, it was done before.
func (n *Node) MoveAside(ctx context.Context, from, to string) error {
	_, err := n.change(ctx, `set -e
[ -e "$2" ] || mkdir -p "$2.moving"
for f in "$1"/* "$1"/.[!.]*; do
  case ${f##*/} in lost+found|.etcdrecovery) continue;; esac
  [ -e "$f" ] || [ -L "$f" ] || continue
  [ ! -e "$2" ] || { echo "$2 exists already" >&2; exit 1; }
  mv "$f" "$2.moving/"
done
[ ! -e "$2" ] || exit 0
sync -f "$2.moving" 2>/dev/null || sync
mv "$2.moving" "$2"`, from, to)
	if err != nil {
		return fmt.Errorf("moving the content of %s on %s to %s: %w", from, n.Name, to, err)
	}
	return nil
}

// tether ends a script and all that it started when nobody listens to it any more. A command outlives its SSH session
// otherwise, and the next apply would find it at work. (The sleep must not hold the session's output open when the
// script is done.)
const tether = `( trap '' PIPE; while sleep 1 >/dev/null 2>&1; do echo >&2 || kill -TERM 0; done ) & tether=$!; trap 'kill $tether' EXIT
`

// CopyAside copies a folder's content into another one, sharing blocks where the file system can, and compares the two
// before it says yes. A copy that was broken off or failed is thrown away and made again; one that is there already
// must be the same.
func (n *Node) CopyAside(ctx context.Context, from, to string) error {
	_, err := n.change(ctx, tether+`set -e
files() ( cd "$1"; find . \( -name lost+found -o -name .etcdrecovery \) -prune -o -type f -print | sort )
same() {
  [ "$(files "$1")" = "$(files "$2")" ] || { echo "$1 and $2 do not hold the same files" >&2; return 1; }
  files "$1" | while IFS= read -r f; do cmp "$1/$f" "$2/$f" || exit 1; done
}
if [ -e "$2" ]; then same "$1" "$2" && exit 0; echo "$2 exists already and is not a copy of $1" >&2; exit 1; fi
rm -rf -- "$2.copying"
mkdir -p "$2.copying"
trap 'kill $tether; rm -rf -- "$2.copying"' EXIT
trap 'exit 1' HUP INT TERM # dash would not come by EXIT
for f in "$1"/* "$1"/.[!.]*; do
  case ${f##*/} in lost+found|.etcdrecovery) continue;; esac
  [ -e "$f" ] || continue
  cp -a --reflink=auto --sparse=always "$f" "$2.copying/" 2>/dev/null || cp -a "$f" "$2.copying/"
done
sync -f "$2.copying" 2>/dev/null || sync
same "$1" "$2.copying"
mv "$2.copying" "$2"`, from, to)
	if err != nil {
		return fmt.Errorf("copying %s on %s to %s: %w", from, n.Name, to, err)
	}
	return nil
}

// Copied ends a copy that is still being made though nobody listens to it any more, and tells whether all of these
// places hold a whole one.
func (n *Node) Copied(ctx context.Context, places ...string) (bool, error) {
	out, err := n.change(ctx, endUsers+`exec 9<&-; end_users "$1" || exit 1; shift
for p in "$@"; do [ -e "$p" ] || exit 0; done; echo yes`, append([]string{n.LockPath()}, places...)...)
	if err != nil {
		return false, fmt.Errorf("looking for a copy on %s: %w", n.Name, err)
	}
	return len(out) > 0, nil
}

// DropCopying takes away what a copy has left that was broken off with its master, and returns those of the places that
// hold a whole one.
func (n *Node) DropCopying(ctx context.Context, places ...string) ([]string, error) {
	out, err := n.change(
		ctx,
		`for p in "$@"; do rm -rf -- "$p.copying" || { sleep 1; rm -rf -- "$p.copying"; } || exit 1; [ ! -e "$p" ] || echo "$p"; done`,
		places...)
	if err != nil {
		return nil, fmt.Errorf("removing what is left of a copy on %s: %w", n.Name, err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' }), nil
}

// Exists tells whether there is anything at that path.
func (n *Node) Exists(ctx context.Context, name string) (bool, error) {
	out, err := n.run(ctx, `[ ! -e "$1" ] || echo yes`, name)
	return len(out) > 0, err
}

// WriteJournal keeps the journal of that name.
func (n *Node) WriteJournal(ctx context.Context, name string, text []byte) error {
	return n.WriteFile(ctx, n.journalPath(name), text, "")
}

// ReadFiles reads those of the files that are there, in one round trip.
func (n *Node) ReadFiles(ctx context.Context, names ...string) (map[string][]byte, error) {
	out, err := n.run(ctx, partFunctions+`for f in "$@"; do [ -r "$f" ] && file file "$f"; done; exit 0`, names...)
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
	_, err := n.change(ctx, `set -e
[ -f "$1" ] || exit 0
mkdir -p "${2%/*}/"
place=$2; i=1
while [ -e "$place" ]; do
  if cmp -s "$1" "$place"; then rm -f "$1"; exit 0; fi
  i=$((i + 1)); place=$2.$i
done
mv "$1" "$place"`, parked, place)
	if err != nil {
		return fmt.Errorf("keeping %s on %s: %w", parked, n.Name, err)
	}
	return nil
}
