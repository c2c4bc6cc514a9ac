//go:build linux

package build

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A program is built from one of the modules under internal/lab/servers. Each needs a module of its own, and only a
// build from within a module works: etcd's and Kubernetes' own go.mod have replace directives, which `go install
// package@version` refuses.
type program struct {
	name     string // of the file: "etcd" becomes etcd-3.7.3
	module   string // folder under servers
	pkg      string // to build
	required string // the module whose version is the program's
	tags     string // build tags
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
	args := []string{"build", compiler, "-tags", p.tags, "-ldflags", flags, "-o", tmp, p.pkg}
	if _, err := goOutput(ctx, module, args...); err != nil {
		return fmt.Errorf("building %s: %w", p.name, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("keeping %s: %w", p.name, err)
	}
	return nil
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
