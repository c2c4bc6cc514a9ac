//go:build linux

package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Server is an etcd server program that the lab can run.
type Server struct {
	Version string // full, without a v: "3.7.3"
	Path    string // of the program
}

// EtcdServer returns the etcd server of a minor version ("3.5", "3.6" or "3.7"). It is built on first use, which takes
// a minute, and kept in the user's cache folder. The go command must be there, and the current folder must be within
// this repository.
func EtcdServer(ctx context.Context, minor string) (Server, error) {
	p := program{
		name:     "etcd",
		module:   "etcd-" + minor,
		pkg:      "go.etcd.io/etcd/server/v3",
		required: "go.etcd.io/etcd/server/v3",
	}
	path, version, err := p.get(ctx)
	return Server{Version: version, Path: path}, err
}

// A program is built from one of the modules under servers/. Each needs a module of its own, and only a build from
// within a module works: etcd's and Kubernetes' own go.mod have replace directives, which `go install package@version`
// refuses.
type program struct {
	name     string // of the file: "etcd" becomes etcd-3.7.3
	module   string // folder under servers
	pkg      string // to build
	required string // the module whose version is the program's
	stamp    string // the package whose variable gitVersion wants to be told the version, if any
}

// get returns the program's path and version, and builds it if it is not in the cache.
func (p program) get(ctx context.Context) (path, version string, err error) {
	module, err := serverModule(ctx, p.module)
	if err != nil {
		return "", "", err
	}
	version, err = requiredVersion(ctx, module, p.required)
	if err != nil {
		return "", "", fmt.Errorf("reading the version of %s: %w", p.module, err)
	}
	cache, err := CacheDir()
	if err != nil {
		return "", "", err
	}
	path = filepath.Join(cache, p.name+"-"+version)
	if _, err := os.Stat(path); err == nil {
		return path, version, nil
	}
	unlock, err := lockFile(ctx, path+".lock")
	if err != nil {
		return "", "", err
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil { // built by another process while this one waited
		return path, version, nil
	}
	return path, version, p.build(ctx, module, path, version)
}

func (p program) build(ctx context.Context, module, path, version string) error {
	tmp := fmt.Sprintf("%s.%d.tmp", path, os.Getpid())
	defer func() { _ = os.Remove(tmp) }()
	flags := "-s -w"
	if p.stamp != "" {
		flags += " -X " + p.stamp + ".gitVersion=v" + version
	}
	if _, err := goOutput(ctx, module, "build", "-trimpath", "-ldflags", flags, "-o", tmp, p.pkg); err != nil {
		return fmt.Errorf("building %s: %w", p.name, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("keeping %s: %w", p.name, err)
	}
	return nil
}

// CacheDir is where the lab keeps what takes long to make, under the user's cache folder.
func CacheDir() (string, error) {
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the user's cache folder: %w", err)
	}
	dir := filepath.Join(user, "etcdrecovery-lab")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the lab's cache folder: %w", err)
	}
	return dir, nil
}

// serverModule is the folder of the module that pins a program's version.
func serverModule(ctx context.Context, name string) (string, error) {
	gomod, err := goOutput(ctx, "", "env", "GOMOD")
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	dir := filepath.Join(filepath.Dir(gomod), "internal", "lab", "servers", name)
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return "", fmt.Errorf("nothing to build %q from, or not within the repository: %w", name, err)
	}
	return dir, nil
}

// requiredVersion reads what the go.mod says, without a v. Unlike `go list -m` this asks for no module, so that a
// program that was built before can be used without a network and without a module cache.
func requiredVersion(ctx context.Context, module, path string) (string, error) {
	text, err := goOutput(ctx, module, "mod", "edit", "-json")
	if err != nil {
		return "", err
	}
	var gomod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal([]byte(text), &gomod); err != nil {
		return "", fmt.Errorf("reading go.mod: %w", err)
	}
	for _, r := range gomod.Require {
		if r.Path == path {
			return strings.TrimPrefix(r.Version, "v"), nil
		}
	}
	return "", fmt.Errorf("%s is not required in %s", path, module)
}

func goOutput(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return strings.TrimSpace(string(out)), nil
}

// lockFile waits for the lock and returns the function that gives it back.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening a lock file: %w", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			_ = f.Close()
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			_ = f.Close()
			return nil, fmt.Errorf("waiting for another build: %w", ctx.Err())
		}
	}
}
