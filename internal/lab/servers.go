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

// etcdPackage is what the modules under servers/ name as their tool. Each etcd minor needs a module of its own, and only a build
// from within a module works: etcd's own go.mod has replace directives, which `go install package@version` refuses.
const etcdPackage = "go.etcd.io/etcd/server/v3"

// Server is an etcd server program that the lab can run.
type Server struct {
	Version string // full, without a v: "3.7.3"
	Path    string // of the program
}

// EtcdServer returns the etcd server of a minor version ("3.5", "3.6" or "3.7"). It is built on first use, which takes a minute,
// and kept in the user's cache folder. The go command must be there, and the current folder must be within this repository.
func EtcdServer(ctx context.Context, minor string) (Server, error) {
	module, err := serverModule(ctx, minor)
	if err != nil {
		return Server{}, err
	}
	version, err := requiredVersion(ctx, module)
	if err != nil {
		return Server{}, fmt.Errorf("reading the version of etcd %s: %w", minor, err)
	}
	s := Server{Version: strings.TrimPrefix(version, "v")}
	cache, err := os.UserCacheDir()
	if err != nil {
		return Server{}, fmt.Errorf("finding the user's cache folder: %w", err)
	}
	cache = filepath.Join(cache, "etcdrecovery-lab")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return Server{}, fmt.Errorf("making the lab's cache folder: %w", err)
	}
	s.Path = filepath.Join(cache, "etcd-"+s.Version)
	if _, err := os.Stat(s.Path); err == nil {
		return s, nil
	}
	unlock, err := lockFile(ctx, s.Path+".lock")
	if err != nil {
		return Server{}, err
	}
	defer unlock()
	if _, err := os.Stat(s.Path); err == nil { // built by another process while this one waited
		return s, nil
	}
	return s, buildServer(ctx, module, s.Path)
}

// serverModule is the folder of the module that pins this minor.
func serverModule(ctx context.Context, minor string) (string, error) {
	gomod, err := goOutput(ctx, "", "env", "GOMOD")
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	dir := filepath.Join(filepath.Dir(gomod), "internal", "lab", "servers", "etcd-"+minor)
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return "", fmt.Errorf("no etcd server %q to build, or not within the repository: %w", minor, err)
	}
	return dir, nil
}

// requiredVersion reads what the go.mod says. Unlike `go list -m` this asks for no module, so that a server that was built before
// can be used without a network and without a module cache.
func requiredVersion(ctx context.Context, module string) (string, error) {
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
		if r.Path == etcdPackage {
			return r.Version, nil
		}
	}
	return "", fmt.Errorf("%s is not required in %s", etcdPackage, module)
}

func buildServer(ctx context.Context, module, path string) error {
	tmp := fmt.Sprintf("%s.%d.tmp", path, os.Getpid())
	defer func() { _ = os.Remove(tmp) }()
	if _, err := goOutput(ctx, module, "build", "-trimpath", "-ldflags", "-s -w", "-o", tmp, etcdPackage); err != nil {
		return fmt.Errorf("building an etcd server: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("keeping the etcd server: %w", err)
	}
	return nil
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
			return nil, fmt.Errorf("waiting for another build of etcd: %w", ctx.Err())
		}
	}
}
