package disk

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// MakeFolders makes folders below the root of a disk, with these modes. Their parents are like those of any system.
func MakeFolders(root string, modes map[string]os.FileMode) error {
	for dir, mode := range modes {
		path := filepath.Join(root, dir)
		if err := os.MkdirAll(path, 0o755); err != nil {
			return fmt.Errorf("making a node's folder: %w", err)
		}
		if err := os.Chmod(path, mode); err != nil {
			return fmt.Errorf("making a node's folder: %w", err)
		}
	}
	return nil
}

// InstallScripts puts each scripts/NAME.sh on a disk as /usr/local/bin/NAME. In its text @ROOT@ stands for the root of
// the disk, and @NAME@ for the name of the node.
func InstallScripts(scripts fs.FS, root, node string) error {
	const bin = "/usr/local/bin"
	if err := MakeFolders(root, map[string]os.FileMode{bin: 0o755}); err != nil {
		return err
	}
	paths, err := fs.Glob(scripts, "scripts/*.sh")
	if err != nil {
		return fmt.Errorf("finding the scripts: %w", err)
	}
	for _, path := range paths {
		text, err := fs.ReadFile(scripts, path)
		if err != nil {
			return fmt.Errorf("reading the script %s: %w", path, err)
		}
		text = []byte(strings.NewReplacer("@ROOT@", root, "@NAME@", node).Replace(string(text)))
		name := strings.TrimSuffix(filepath.Base(path), ".sh")
		if err := os.WriteFile(filepath.Join(root, bin, name), text, 0o755); err != nil {
			return fmt.Errorf("writing the script %s: %w", name, err)
		}
	}
	return nil
}
