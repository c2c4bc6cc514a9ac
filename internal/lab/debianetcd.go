//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// etcdVersion is how `etcd --version` begins.
var etcdVersion = regexp.MustCompile(`etcd Version: (\S+)`)

// debianEtcd is the etcd that Debian ships.
func debianEtcd(ctx context.Context, base string) (Server, error) {
	out, err := exec.CommandContext(ctx, "chroot", base, "/usr/bin/etcd", "--version").Output()
	if err != nil {
		return Server{}, fmt.Errorf("asking Debian's etcd for its version: %w", err)
	}
	found := etcdVersion.FindSubmatch(out)
	if found == nil {
		return Server{}, errors.New("no version in: " + string(out))
	}
	return Server{Version: string(found[1]), Path: filepath.Join(base, "usr/bin/etcd")}, nil
}

// debianEtcdImage has the program and the libraries that Debian links it with.
func debianEtcdImage(s Server, base string) image {
	i := image{ref: etcdImage(s.Version), files: map[string]string{"usr/local/bin/etcd": s.Path}}
	for _, pattern := range []string{"lib64/ld-linux-*.so.*", "lib/*/libc.so.6", "lib/*/libpthread.so.0", "lib/*/libresolv.so.2", "lib/*/libdl.so.2"} {
		files, _ := filepath.Glob(filepath.Join(base, pattern)) // a constant pattern is no bad one
		for _, f := range files {
			i.files[strings.TrimPrefix(strings.TrimPrefix(f, base), "/")] = f
		}
	}
	return i
}
