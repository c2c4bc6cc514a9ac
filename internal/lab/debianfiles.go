//go:build linux

package lab

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed debian
var debianFiles embed.FS

// files writes what is in the folder debian to the node's disk: templates over the node. The first line of each is
// its mode and its path; one that comes out empty is not for this kind of node.
func (d *debianNode) files() error {
	const top = "debian"
	entries, err := debianFiles.ReadDir(top)
	if err != nil {
		return fmt.Errorf("reading a node's files: %w", err)
	}
	for _, e := range entries {
		text, err := debianFiles.ReadFile(top + "/" + e.Name())
		if err != nil {
			return fmt.Errorf("reading a node's files: %w", err)
		}
		head, body, _ := strings.Cut(string(text), "\n")
		var mode os.FileMode
		var path string
		if _, err := fmt.Sscanf(head, "%o %s", &mode, &path); err != nil {
			return fmt.Errorf("the head of %s: %w", e.Name(), err)
		}
		var out strings.Builder
		if err := template.Must(template.New(e.Name()).Option("missingkey=error").Parse(body)).
			Execute(&out, d); err != nil {
			return fmt.Errorf("filling in %s: %w", e.Name(), err)
		}
		if strings.TrimSpace(out.String()) == "" {
			continue
		}
		if err := d.write(path, out.String(), mode); err != nil {
			return err
		}
	}
	return nil
}

// write puts a file on the disk.
func (d *debianNode) write(path, text string, mode os.FileMode) error {
	at := d.Path(path)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.WriteFile(at, []byte(text), mode); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Chmod(at, mode); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// enable lets services start with the machine.
func (d *debianNode) enable(services ...string) error {
	dir := d.Path("/etc/systemd/system/multi-user.target.wants")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("enabling services: %w", err)
	}
	for _, s := range services {
		from := "/lib/systemd/system/" + s + ".service"
		if _, err := os.Stat(d.Path(from)); err != nil {
			from = "/etc/systemd/system/" + s + ".service"
		}
		if err := os.Symlink(from, filepath.Join(dir, s+".service")); err != nil {
			return fmt.Errorf("enabling %s: %w", s, err)
		}
	}
	return nil
}

// addUser makes a user who may log in with the lab's key, and use sudo.
func (d *debianNode) addUser(name, authorized string) error {
	const id = 1000
	for file, line := range map[string]string{
		"/etc/passwd": fmt.Sprintf("%s:x:%d:%d::/home/%s:/bin/bash\n", name, id, id, name),
		"/etc/shadow": name + ":*:19000:0:99999:7:::\n",
		"/etc/group":  fmt.Sprintf("%s:x:%d:\n", name, id),
	} {
		text, err := os.ReadFile(d.Path(file))
		if err != nil {
			return fmt.Errorf("adding the user %s: %w", name, err)
		}
		info, err := os.Stat(d.Path(file))
		if err != nil {
			return fmt.Errorf("adding the user %s: %w", name, err)
		}
		if err := d.write(file, string(text)+line, info.Mode().Perm()); err != nil {
			return err
		}
	}
	home := "/home/" + name
	if err := d.write(home+"/.ssh/authorized_keys", authorized, 0o600); err != nil {
		return err
	}
	for _, path := range []string{home, home + "/.ssh", home + "/.ssh/authorized_keys"} {
		if err := os.Chown(d.Path(path), id, id); err != nil {
			return fmt.Errorf("adding the user %s: %w", name, err)
		}
	}
	return nil
}
