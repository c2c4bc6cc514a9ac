//go:build linux

package build

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

// DebianEtcd is the etcd that Debian ships, in a Debian system at base. It is how the lab has etcd 3.4, which no longer
// builds from its module.
func DebianEtcd(ctx context.Context, base string) (Server, error) {
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

// DebianEtcdImage has the program and the libraries that Debian links it with.
func DebianEtcdImage(s Server, base string) Image {
	i := EtcdImage(s)
	for _, library := range []string{
		"lib64/ld-linux-*.so.*",
		"lib/*/libc.so.6",
		"lib/*/libpthread.so.0",
		"lib/*/libresolv.so.2",
		"lib/*/libdl.so.2",
	} {
		files, _ := filepath.Glob(filepath.Join(base, library)) // a constant pattern is no bad one
		for _, f := range files {
			i.files[strings.TrimPrefix(strings.TrimPrefix(f, base), "/")] = f
		}
	}
	return i
}
