//go:build linux

package terraform

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Tools are a CLI and a provider built from this tree.
type Tools struct {
	CLI      CLI
	Provider string // path of the program
	rc       string
	root     string
}

// Prepare finds or builds the CLI, and builds the provider into dir. say hears of what takes long.
func Prepare(ctx context.Context, dir string, say func(string)) (*Tools, error) {
	return PrepareWith(ctx, dir, ".", say)
}

// PrepareWith is Prepare with a provider that is built from another package of this tree.
func PrepareWith(ctx context.Context, dir, provider string, say func(string)) (*Tools, error) {
	cli, err := Find(ctx, say)
	if err != nil {
		return nil, err
	}
	root, err := Repository(ctx)
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(dir, "provider")
	t := &Tools{
		CLI:      cli,
		Provider: filepath.Join(bin, "terraform-provider-etcdrecovery"),
		rc:       filepath.Join(dir, "terraform.rc"),
		root:     root,
	}
	if err := t.takeBuilt(provider); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", t.Provider, provider)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the provider: %w\n%s", err, out)
	}
	registry := "registry.terraform.io"
	if cli.Tofu {
		registry = "registry.opentofu.org"
	}
	// An override takes the program as it is: no init, no lock file, no registry.
	text := fmt.Sprintf(
		"provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n",
		registry+"/etcdrecovery/etcdrecovery",
		bin,
	)
	if err := os.WriteFile(t.rc, []byte(text), 0o644); err != nil {
		return nil, fmt.Errorf("writing the CLI's configuration: %w", err)
	}
	return t, nil
}

// takeBuilt copies what `make build` has made of a package, if it is there. Where the go command would make the same,
// it leaves that as it is and does not link it once more.
func (t *Tools) takeBuilt(provider string) error {
	name := filepath.Base(provider)
	if provider == "." {
		name = filepath.Base(t.Provider)
	}
	made, err := os.ReadFile(filepath.Join(t.root, "bin", name))
	if err != nil {
		return nil //nolint:nilerr // then it is built
	}
	if err := os.MkdirAll(filepath.Dir(t.Provider), 0o755); err != nil {
		return fmt.Errorf("making a folder for the provider: %w", err)
	}
	if err := os.WriteFile(t.Provider, made, 0o755); err != nil {
		return fmt.Errorf("copying the provider: %w", err)
	}
	return nil
}
