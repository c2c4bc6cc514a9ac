//go:build linux

package terraform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// CLI is the program that plans and applies.
type CLI struct {
	Path    string
	Version string // with its name: "Terraform v1.11.4"
	Tofu    bool
}

// Find takes the CLI that TF_ACC_TERRAFORM_PATH names, else terraform or tofu from PATH, else the OpenTofu that the
// repository pins, which is built on first use. say hears of that before it begins.
func Find(ctx context.Context, say func(string)) (CLI, error) {
	path := os.Getenv("TF_ACC_TERRAFORM_PATH")
	for _, name := range []string{"terraform", "tofu"} {
		if path == "" {
			path, _ = exec.LookPath(name) // "" when it is not there
		}
	}
	if path == "" {
		say("Neither terraform nor tofu is on PATH: taking the OpenTofu that tools/tofu pins.")
		say("If it has never been built here, that takes some minutes now.")
		var err error
		if path, err = buildTofu(ctx); err != nil {
			return CLI{}, err
		}
	}
	cmd := exec.CommandContext(ctx, path, "version")
	cmd.Env = environment(os.DevNull)
	out, err := cmd.Output()
	if err != nil {
		return CLI{}, fmt.Errorf("asking %s for its version: %w", path, err)
	}
	version, _, _ := strings.Cut(string(out), "\n")
	return CLI{Path: path, Version: version, Tofu: strings.HasPrefix(version, "OpenTofu")}, nil
}

func buildTofu(ctx context.Context) (string, error) {
	root, err := Repository(ctx)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(root, ".ci", "tool"), "tofu")
	cmd.Stderr = os.Stderr // says what it builds
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("building OpenTofu: %w", err)
	}
	return string(bytes.TrimSpace(out)), nil
}

// Repository is the folder of the repository that the current folder is in.
func Repository(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	gomod := string(bytes.TrimSpace(out))
	if filepath.Base(gomod) != "go.mod" {
		return "", errors.New("finding the repository: the current folder is not in a Go module")
	}
	return filepath.Dir(gomod), nil
}

// environment is this process's without what would change what the CLI does.
func environment(rc string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TF_") {
			env = append(env, v)
		}
	}
	return append(env, "TF_CLI_CONFIG_FILE="+rc, "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1")
}
