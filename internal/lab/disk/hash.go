//go:build linux

package disk

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Hash is over everything below these paths of a disk: names, modes, owners, link targets and contents; not times,
// which reading may change.
func Hash(root string, paths []string) (string, error) {
	sum := sha256.New()
	for _, p := range paths {
		err := filepath.WalkDir(filepath.Join(root, p), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				_, _ = fmt.Fprintf(sum, "%q missing\n", path)
				return nil
			}
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			owner := ""
			if s, ok := info.Sys().(*syscall.Stat_t); ok {
				owner = fmt.Sprintf("%d:%d", s.Uid, s.Gid)
			}
			_, _ = fmt.Fprintf(sum, "%q %s %s", path, info.Mode(), owner)
			switch {
			case info.Mode().IsRegular():
				content, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintf(sum, " %x", sha256.Sum256(content))
			case info.Mode()&fs.ModeSymlink != 0:
				to, err := os.Readlink(path)
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintf(sum, " %q", to)
			}
			_, _ = fmt.Fprintln(sum)
			return nil
		})
		if err != nil {
			return "", fmt.Errorf("hashing %s: %w", p, err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
